-- A token of a grant that stands is not removed: its agent may still tell of conversations.
-- expects 23514 agent_token_over_before_removed
-- as sallyport_app
INSERT INTO agent_token (id, grant_id, person_id, agent_id, thumbprint, issued_at, expires_at)
VALUES ('jti_0', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'agt_1', repeat('a', 43), '2026-01-01T00:01Z', '2026-01-01T00:02Z');
DELETE FROM agent_token WHERE id = 'jti_0';
