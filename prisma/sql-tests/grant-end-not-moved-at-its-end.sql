-- A grant that ends does not end later for it.
-- expects 23514 grant_content_immutable
-- as sallyport_app
INSERT INTO grant_interval (id, grant_id, starts_at, ends_at, request_id)
VALUES ('int_2', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', '2026-01-01T00:30Z', '2026-01-01T01:00Z', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2D');
UPDATE access_grant SET ends_at = '2026-01-01T01:00Z', state = 'ended', ended_at = now(), end_reason = 'returned', version = 2 WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
