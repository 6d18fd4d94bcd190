-- No session against an ended grant.
-- expects 23514 session_needs_active_grant
-- as sallyport_app
UPDATE access_grant SET state = 'ended', version = 2, ended_at = now(), end_reason = 'revoked' WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
INSERT INTO session (id, version, grant_id, lease_id, person_id, resource_id, state, instance_id, client_version,
  opened_at, last_seen_at)
VALUES ('ses_X', 1, 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'lse_1', 'prs_engineer', 'rsc_rds', 'opening', 'i-1', '0.1.0', now(), now());
