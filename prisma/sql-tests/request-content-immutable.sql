-- What was asked for does not change under the reviewer's eyes.
-- expects 23514 access_request_content_immutable
-- as sallyport_app
UPDATE access_request SET duration_seconds = 86400, version = 2 WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A';
