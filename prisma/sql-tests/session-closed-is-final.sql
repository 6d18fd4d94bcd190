-- A closed session never changes again.
-- expects 23514 session_closed_is_final
-- as sallyport_app
UPDATE session SET state = 'open', version = 3, closed_at = NULL, end_reason = NULL WHERE id = 'ses_closed';
