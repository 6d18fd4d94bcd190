-- Nobody asks for more time on the grant of another person.
-- expects 23514 access_request_extends_own_active_grant
-- as sallyport_app
INSERT INTO access_request (id, version, requester_id, state, reason, duration_seconds, created_at, lapses_at,
  policy_digest, reviewers, facts, facts_digest, extends_grant_id)
VALUES ('req_01JZ8Q4T7M3N5P6R8S9V0W1X2X', 1, 'prs_approver', 'pending', 'x', 60, '2026-01-01T00:10Z', '2026-01-01T00:30Z', 'p', '{}', '{}',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B');
