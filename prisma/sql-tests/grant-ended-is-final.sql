-- An ended grant never becomes active again.
-- expects 23514 grant_ended_is_final
-- as sallyport_app
UPDATE access_grant SET state = 'ended', version = 2, ended_at = now(), end_reason = 'revoked' WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
UPDATE access_grant SET state = 'active', version = 3, ended_at = NULL, end_reason = NULL WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
