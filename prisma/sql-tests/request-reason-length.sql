-- A reason has at most 500 characters.
-- expects 23514 access_request_reason_length
INSERT INTO access_request (id, version, requester_id, state, reason, duration_seconds, created_at, lapses_at,
  policy_digest, reviewers, facts, facts_digest, decided_at)
VALUES ('req_01JZ8Q4T7M3N5P6R8S9V0W1X2X', 1, 'prs_engineer', 'pending', repeat('x', 501), 60, now(), now(), 'p', '{}', '{}', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL);
