-- The situation that every test of this folder starts from, in one transaction that is rolled back.
INSERT INTO person (id, email, name, roles, groups, created_at, updated_at) VALUES
  ('prs_engineer', 'engineer@example.com', 'Engineer', '{engineer}', '{engineers}', now(), now()),
  ('prs_approver', 'approver@example.com', 'Approver', '{engineer,approver}', '{db-owners}', now(), now());
INSERT INTO resource (id, name, kind, title, environment, tags, definition, digest, version, updated_at) VALUES
  ('rsc_rds', 'prod-rds', 'database', 'Shop', 'production', '{}', '{}', 'd', 1, now()),
  ('rsc_web', 'prod-web', 'port', 'Page', 'production', '{}', '{}', 'd', 1, now());
-- One request waits (…A), one was approved and its grant is active (…B), one was cancelled (…C).
INSERT INTO access_request (id, version, requester_id, state, reason, duration_seconds, created_at, lapses_at,
  policy_digest, reviewers, facts, facts_digest)
SELECT 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2' || letter, 1, 'prs_engineer', 'pending', 'INC-1', 1800, now(), now() + interval '1 day',
  'p', '{db-owners}', '{}', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
FROM unnest(ARRAY['A', 'B', 'C']) AS letter;
INSERT INTO request_item (id, request_id, requester_id, position, resource_id, state, policy)
VALUES ('itm_B', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 0, 'rsc_rds', 'pending', '{}');
INSERT INTO review (id, request_id, requester_id, reviewer_id, automatic, verdict, facts_digest, at)
VALUES ('rev_B', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'prs_approver', false, 'approve', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', now());
UPDATE access_request SET state = 'approved', version = 2, decided_at = now() WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2B';
UPDATE access_request SET state = 'cancelled', version = 2, decided_at = now() WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2C';
UPDATE request_item SET state = 'approved' WHERE id = 'itm_B';
INSERT INTO request_item (id, request_id, requester_id, position, resource_id, state, policy)
VALUES ('itm_A', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A', 'prs_engineer', 0, 'rsc_rds', 'pending', '{}');
INSERT INTO access_grant (id, version, request_id, item_id, resource_id, person_id, approved_by, automatic, reviewers,
  reason, state, created_at, starts_at, ends_at)
VALUES ('grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 1, 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'itm_B', 'rsc_rds', 'prs_engineer', 'prs_approver', false, '{db-owners}',
  'INC-1', 'active', '2026-01-01T00:00Z', '2026-01-01T00:00Z', '2026-01-01T00:30Z');
INSERT INTO grant_interval (id, grant_id, starts_at, ends_at)
VALUES ('int_1', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', '2026-01-01T00:00Z', '2026-01-01T00:30Z');
-- More time on that grant was approved (…D); the interval it gives is left to the tests.
INSERT INTO access_request (id, version, requester_id, state, reason, duration_seconds, created_at, lapses_at,
  policy_digest, reviewers, facts, facts_digest, extends_grant_id)
VALUES ('req_01JZ8Q4T7M3N5P6R8S9V0W1X2D', 1, 'prs_engineer', 'pending', 'INC-1', 1800, '2026-01-01T00:10Z', '2026-01-01T00:30Z',
  'p', '{db-owners}', '{}', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B');
INSERT INTO review (id, request_id, requester_id, reviewer_id, automatic, verdict, facts_digest, at)
VALUES ('rev_D', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2D', 'prs_engineer', 'prs_approver', false, 'approve', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', now());
UPDATE access_request SET state = 'approved', version = 2, decided_at = now() WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2D';
INSERT INTO lease (id, version, grant_id, person_id, state, intended_at, useful_until, account_id, region, instance_id,
  document_name)
VALUES ('lse_1', 1, 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'intended', '2026-01-01T00:00Z', '2026-01-01T00:02Z', '111122223333',
  'eu-west-1', 'i-0123456789abcdef0', 'jit-fwd-00000000');
UPDATE lease SET client_recording = true WHERE id = 'lse_1';
UPDATE lease SET state = 'issued', version = 2, settled_at = '2026-01-01T00:00Z' WHERE id = 'lse_1';
INSERT INTO session (id, version, grant_id, lease_id, person_id, resource_id, state, instance_id, client_version,
  opened_at, last_seen_at)
SELECT id, 1, 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'lse_1', 'prs_engineer', 'rsc_rds', 'opening', 'i-0123456789abcdef0', '0.1.0',
  '2026-01-01T00:01Z', '2026-01-01T00:01Z'
FROM unnest(ARRAY['ses_open', 'ses_closed']) AS id;
UPDATE session SET state = 'open', version = 2 WHERE id = 'ses_open';
UPDATE session SET state = 'closed', version = 2, closed_at = now(), end_reason = 'client_exit' WHERE id = 'ses_closed';
INSERT INTO audit_event (id, at, type, actor_kind, actor_name, resource_names, sentence, details)
VALUES ('evt_1', now(), 'grant.ended', 'system', 'Sallyport', '{}', 'A grant ended', '{}');
INSERT INTO agent (id, instance_id, public_key, thumbprint, enrolled_by, enrolled_at)
VALUES ('agt_1', 'i-0123456789abcdef0', repeat('a', 43), repeat('a', 43), 'join', now());
INSERT INTO flow_record (agent_id, flow_id, grant_id, person_id, jti, proto, destination, port, bytes_up, bytes_down,
  started_at, ended_at, "end", reported_at)
VALUES ('agt_1', 'flow_1', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'jti_0', 'tcp', '10.0.2.60', 8080, 10, 20,
  '2026-01-01T00:01Z', '2026-01-01T00:02Z', 'client', now());
INSERT INTO recording (id, session_id, grant_id, person_id, state, started_at, bytes, sha256, complete, announced_at)
SELECT id, 'ses_closed', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2B', 'prs_engineer', 'announced', '2026-01-01T00:01Z', 100, repeat('a', 64), true, now()
FROM unnest(ARRAY['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']) AS id;
UPDATE recording SET state = 'stored', stored_at = now() WHERE id = '00000000-0000-4000-8000-000000000001';
