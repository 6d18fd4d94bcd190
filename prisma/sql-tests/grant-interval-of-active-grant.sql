-- An ended grant is not extended.
-- expects 23514 grant_interval_of_active_grant
-- as sallyport_app
UPDATE access_grant SET state = 'ended', version = 2, ended_at = now(), end_reason = 'revoked' WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
INSERT INTO grant_interval (id, grant_id, starts_at, ends_at, request_id)
VALUES ('int_2', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', '2026-01-01T00:30Z', '2026-01-01T01:00Z', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2D');
