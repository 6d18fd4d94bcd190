-- A session whose lease demands no recording has none.
-- expects 23514 recording_of_own_recorded_session
-- as sallyport_app
UPDATE lease SET client_recording = false WHERE id = 'lse_1';
INSERT INTO recording (id, session_id, grant_id, person_id, state, started_at, bytes, sha256, complete, announced_at)
VALUES ('00000000-0000-4000-8000-000000000003', 'ses_closed', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'announced', now(), 100, repeat('a', 64), true, now());
