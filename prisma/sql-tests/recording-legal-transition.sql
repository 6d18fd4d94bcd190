-- A recording that never came is not removed.
-- expects 23514 recording_legal_transition
-- as sallyport_app
UPDATE recording SET state = 'removed', stored_at = now(), removed_at = now() WHERE id = '00000000-0000-4000-8000-000000000002';
