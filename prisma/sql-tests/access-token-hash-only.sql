-- An access token keeps its hash only.
-- expects 23514 access_token_hash_only
-- as sallyport_app
INSERT INTO access_token (id, person_id, name, token_hash, scopes, created_at, expires_at)
VALUES ('tok_1', 'prs_engineer', 'laptop', 'the token itself', '{read}', now(), now() + interval '1 day');
