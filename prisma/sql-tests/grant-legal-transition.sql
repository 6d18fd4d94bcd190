-- An active grant is not scheduled again.
-- expects 23514 grant_legal_transition
-- as sallyport_app
UPDATE access_grant SET state = 'scheduled', version = 2 WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
