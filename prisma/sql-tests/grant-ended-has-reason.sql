-- A grant ends with a reason.
-- expects 23514 grant_ended_has_reason
-- as sallyport_app
UPDATE access_grant SET state = 'ended', version = 2, ended_at = now() WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
