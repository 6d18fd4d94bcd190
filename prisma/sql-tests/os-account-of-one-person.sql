-- An account is never given to a second person.
-- expects 23514 os_account_of_one_person
-- as sallyport_app
INSERT INTO os_account (instance_id, name, person_id, gateway, uid, state, seen_at)
SELECT 'i-0123456789abcdef0', 'ada', min(id), 'web-1', 20000, 'locked', now() FROM person;
UPDATE os_account SET person_id = (SELECT max(id) FROM person) WHERE name = 'ada';
