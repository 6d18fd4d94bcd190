-- A change without a higher version is refused.
-- expects 23514 access_request_version_grows
UPDATE access_request SET state = 'cancelled', decided_at = now() WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A';
