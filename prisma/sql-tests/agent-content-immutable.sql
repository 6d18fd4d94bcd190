-- An agent does not change its key.
-- expects 23514 agent_content_immutable
-- as sallyport_app
UPDATE agent SET public_key = repeat('b', 43) WHERE id = 'agt_1';
