-- A person has one open item per resource.
-- expects 23505 request_item_one_open_per_person_and_resource
-- as sallyport_app
INSERT INTO access_request (id, version, requester_id, state, reason, duration_seconds, created_at, lapses_at,
  policy_digest, reviewers, facts, facts_digest, decided_at)
VALUES ('req_01JZ8Q4T7M3N5P6R8S9V0W1X2X', 1, 'prs_engineer', 'pending', 'x', 60, now(), now(), 'p', '{}', '{}', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL);
INSERT INTO request_item (id, request_id, requester_id, position, resource_id, state, policy)
VALUES ('itm_X', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2X', 'prs_engineer', 0, 'rsc_rds', 'pending', '{}');
