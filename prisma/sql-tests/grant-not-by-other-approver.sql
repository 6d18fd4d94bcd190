-- A grant names the reviewer who gave it.
-- expects 23514 grant_needs_approving_review
-- as sallyport_app
INSERT INTO access_grant (id, version, request_id, item_id, resource_id, person_id, approved_by, automatic, reviewers,
  reason, state, created_at, starts_at, ends_at)
VALUES ('grt_01JZ8Q4T7M3N5P6R8S9V0W1X2X', 1, 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'itm_B', 'rsc_rds', 'prs_engineer', NULL, true, '{}', 'INC-1', 'active', now(), now(),
  now() + interval '1 hour');
