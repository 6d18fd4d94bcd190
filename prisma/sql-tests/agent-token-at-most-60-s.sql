-- A token lives a minute at most.
-- expects 23514 agent_token_at_most_60_s
-- as sallyport_app
INSERT INTO agent_token (id, grant_id, person_id, agent_id, thumbprint, issued_at, expires_at)
VALUES ('jti_1', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'agt_1', 'k', '2026-01-01T00:10Z', '2026-01-01T00:11:01Z');
