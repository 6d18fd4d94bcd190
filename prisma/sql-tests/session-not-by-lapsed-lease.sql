-- No session against a lease that has lapsed.
-- expects 23514 session_needs_useful_lease
-- as sallyport_app
UPDATE lease SET state = 'lapsed', version = 3 WHERE id = 'lse_1';
INSERT INTO session (id, version, grant_id, lease_id, person_id, resource_id, state, instance_id, client_version,
  opened_at, last_seen_at)
VALUES ('ses_X', 1, 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'lse_1', 'prs_engineer', 'rsc_rds', 'opening', 'i-1', '0.1.0',
  '2026-01-01T00:01Z', '2026-01-01T00:01Z');
