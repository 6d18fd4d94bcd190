-- An approved extension gives no grant of its own.
-- expects 23514 grant_needs_approving_review
-- as sallyport_app
UPDATE access_request SET state = 'cancelled', version = 2, decided_at = now() WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A';
INSERT INTO request_item (id, request_id, requester_id, position, resource_id, state, open, policy)
VALUES ('itm_D', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2D', 'prs_engineer', 0, 'rsc_rds', 'pending', true, '{}');
INSERT INTO access_grant (id, version, request_id, item_id, resource_id, person_id, approved_by, automatic, reviewers,
  reason, state, created_at, starts_at, ends_at)
VALUES ('grt_01JZ8Q4T7M3N5P6R8S9V0W1X2X', 1, 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2D', 'itm_D', 'rsc_rds', 'prs_engineer', 'prs_approver', false,
  '{}', 'INC-1', 'active', now(), now(), now() + interval '1 hour');
