-- A join token is used once.
-- expects 23514 agent_join_token_once
-- as sallyport_app
INSERT INTO agent_join_token (id, token_hash, instance_id, made_by, created_at, expires_at, used_at)
VALUES ('jnt_1', repeat('a', 64), 'i-0123456789abcdef0', 'prs_approver', now(), now(), now());
UPDATE agent_join_token SET used_at = now() WHERE id = 'jnt_1';
