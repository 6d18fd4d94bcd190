-- The application's role deletes no resource.
-- expects 42501
-- as sallyport_app
DELETE FROM resource WHERE id = 'rsc_web';
