-- A lease that has lapsed is not cut afterwards.
-- expects 23514 lease_legal_transition
-- as sallyport_app
UPDATE lease SET state = 'lapsed', version = 3 WHERE id = 'lse_1';
UPDATE access_grant SET state = 'ended', version = 2, ended_at = now(), end_reason = 'revoked' WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
UPDATE lease SET state = 'cut', version = 4 WHERE id = 'lse_1';
