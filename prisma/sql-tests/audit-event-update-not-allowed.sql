-- The application's role may not change an audit event.
-- expects 42501
-- as sallyport_app
UPDATE audit_event SET sentence = 'x';
