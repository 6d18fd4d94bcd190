-- An extension gives one interval, however often it is approved.
-- expects 23505 grant_interval_once_per_request
-- as sallyport_app
INSERT INTO grant_interval (id, grant_id, starts_at, ends_at, request_id)
VALUES ('int_2', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', '2026-01-01T00:30Z', '2026-01-01T00:40Z', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2D');
INSERT INTO grant_interval (id, grant_id, starts_at, ends_at, request_id)
VALUES ('int_3', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', '2026-01-01T00:40Z', '2026-01-01T00:50Z', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2D');
