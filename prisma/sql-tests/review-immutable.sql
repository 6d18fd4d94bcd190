-- A review is never changed.
-- expects 42501
-- as sallyport_app
UPDATE review SET verdict = 'deny', comment = 'x' WHERE id = 'rev_B';
