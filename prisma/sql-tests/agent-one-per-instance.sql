-- One agent stands for an instance at a time.
-- expects 23505 agent_one_per_instance
-- as sallyport_app
INSERT INTO agent (id, instance_id, public_key, thumbprint, enrolled_by, enrolled_at)
VALUES ('agt_2', 'i-0123456789abcdef0', repeat('b', 43), repeat('b', 43), 'join', now());
