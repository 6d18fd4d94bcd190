-- The application's role may not empty the audit.
-- expects 42501
-- as sallyport_app
TRUNCATE audit_event;
