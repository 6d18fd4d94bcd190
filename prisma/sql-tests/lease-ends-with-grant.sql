-- A lease does not outlive its grant.
-- expects 23514 lease_needs_active_grant
-- as sallyport_app
INSERT INTO lease (id, version, grant_id, person_id, state, intended_at, useful_until, account_id, region, instance_id,
  document_name)
VALUES ('lse_X', 1, 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'intended', '2026-01-01T00:29Z', '2026-01-01T00:30:01Z', '111122223333', 'eu-west-1',
  'i-0123456789abcdef0', 'jit-fwd-00000000');
