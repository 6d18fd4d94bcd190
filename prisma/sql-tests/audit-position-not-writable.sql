-- The application's role may not choose positions.
-- expects 42501
-- as sallyport_app
UPDATE audit_position SET last = 0;
