-- What an extension is for does not change.
-- expects 23514 access_request_content_immutable
-- as sallyport_app
UPDATE access_request SET extends_grant_id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', version = 2 WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A';
