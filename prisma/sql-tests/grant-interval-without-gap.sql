-- An extension begins where the grant ends.
-- expects 23514 grant_interval_as_asked
-- as sallyport_app
INSERT INTO grant_interval (id, grant_id, starts_at, ends_at, request_id)
VALUES ('int_2', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', '2026-01-01T00:31Z', '2026-01-01T01:00Z', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2D');
