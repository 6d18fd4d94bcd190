-- An approved item gives one grant.
-- expects 23505 grant_once_per_item
-- as sallyport_app
INSERT INTO access_grant (id, version, request_id, item_id, resource_id, person_id, approved_by, automatic, reviewers,
  reason, state, created_at, starts_at, ends_at)
VALUES ('grt_01JZ8Q4T7M3N5P6R8S9V0W1X2X', 1, 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'itm_B', 'rsc_rds', 'prs_engineer', 'prs_approver', false, '{}', 'INC-1', 'active', now(), now(),
  now() + interval '1 hour');
