-- A session closes with a reason.
-- expects 23514 session_closed_has_reason
-- as sallyport_app
UPDATE session SET state = 'closed', closed_at = now() WHERE id = 'ses_open';
