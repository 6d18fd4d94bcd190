-- No token for an agent against an ended grant.
-- expects 23514 agent_token_needs_active_grant
-- as sallyport_app
UPDATE access_grant SET state = 'ended', version = 2, ended_at = now(), end_reason = 'revoked' WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
INSERT INTO agent_token (id, grant_id, person_id, agent_id, thumbprint, issued_at, expires_at)
VALUES ('jti_1', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'agt_1', 'k', '2026-01-01T00:10Z', '2026-01-01T00:11Z');
