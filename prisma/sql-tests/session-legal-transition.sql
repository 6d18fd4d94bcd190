-- An open session is not opening again.
-- expects 23514 session_legal_transition
-- as sallyport_app
UPDATE session SET state = 'opening' WHERE id = 'ses_open';
