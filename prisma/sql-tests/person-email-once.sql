-- An e-mail address belongs to one person.
-- expects 23505 person_email_once
-- as sallyport_app
INSERT INTO person (id, email, name, roles, groups, created_at, updated_at)
VALUES ('prs_2', 'engineer@example.com', 'Second', '{}', '{}', now(), now());
