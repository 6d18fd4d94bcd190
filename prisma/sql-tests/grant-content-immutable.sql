-- The end of a grant is not moved by hand.
-- expects 23514 grant_content_immutable
-- as sallyport_app
UPDATE access_grant SET ends_at = ends_at + interval '1 day', version = 2 WHERE id = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
