-- A lease that failed is not issued afterwards.
-- expects 23514 lease_legal_transition
-- as sallyport_app
UPDATE lease SET state = 'lapsed', version = 3 WHERE id = 'lse_1';
UPDATE lease SET state = 'issued', version = 4 WHERE id = 'lse_1';
