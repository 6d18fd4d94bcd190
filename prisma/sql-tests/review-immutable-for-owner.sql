-- A review is never changed, by the owner of the tables either.
-- expects 23514 review_immutable
UPDATE review SET verdict = 'deny', comment = 'x' WHERE id = 'rev_B';
