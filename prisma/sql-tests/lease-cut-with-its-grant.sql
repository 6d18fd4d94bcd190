-- A lease is cut by the end of its grant alone.
-- expects 23514 lease_legal_transition
-- as sallyport_app
UPDATE lease SET state = 'cut', version = 3 WHERE id = 'lse_1';
