-- A stored recording does not change.
-- expects 23514 recording_content_immutable
-- as sallyport_app
UPDATE recording SET sha256 = repeat('b', 64) WHERE id = '00000000-0000-4000-8000-000000000001';
