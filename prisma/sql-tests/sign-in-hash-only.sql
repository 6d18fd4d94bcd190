-- A sign-in keeps the hash of its cookie only.
-- expects 23514 sign_in_hash_only
-- as sallyport_app
INSERT INTO sign_in (id, person_id, token_hash, created_at, last_seen_at, expires_at)
VALUES ('sgn_1', 'prs_engineer', 'the cookie itself', now(), now(), now());
