-- An access token has known scopes only.
-- expects 23514 access_token_scopes_known
-- as sallyport_app
INSERT INTO access_token (id, person_id, name, token_hash, scopes, created_at, expires_at)
VALUES ('tok_1', 'prs_engineer', 'laptop', repeat('a', 64), '{root}', now(), now() + interval '1 day');
