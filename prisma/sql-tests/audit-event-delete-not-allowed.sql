-- The application's role may not delete an audit event.
-- expects 42501
-- as sallyport_app
DELETE FROM audit_event;
