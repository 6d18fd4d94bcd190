-- A recording has at most 64 MiB.
-- expects 23514 recording_at_most_64_mib
-- as sallyport_app
UPDATE recording SET bytes = 67108865 WHERE id = '00000000-0000-4000-8000-000000000002';
