-- A lease is useful for at most 120 s.
-- expects 23514 lease_useful_at_most_120_s
-- as sallyport_app
INSERT INTO lease (id, version, grant_id, person_id, state, intended_at, useful_until, account_id, region, instance_id,
  document_name)
VALUES ('lse_X', 1, 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'intended', '2026-01-01T00:27:29Z', '2026-01-01T00:29:30Z', '111122223333', 'eu-west-1',
  'i-0123456789abcdef0', 'jit-fwd-00000000');
