-- A person has known roles only.
-- expects 23514 person_roles_known
-- as sallyport_app
UPDATE person SET roles = '{root}' WHERE id = 'prs_engineer';
