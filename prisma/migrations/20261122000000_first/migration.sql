-- The tables and their rules. Every rule has a name, which tests and the API's error translation rely on.
-- Written for PostgreSQL 15 and later; times are timestamptz(3), states are text with a named check.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- ---------------------------------------------------------------- identity

CREATE TABLE person (
  id text NOT NULL CONSTRAINT person_pkey PRIMARY KEY,
  email text NOT NULL,
  name text NOT NULL,
  password_hash text,
  roles text[] NOT NULL,
  groups text[] NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  disabled_at timestamptz(3),
  CONSTRAINT person_email_lower_case CHECK (email = lower(email)),
  CONSTRAINT person_roles_known CHECK (roles <@ ARRAY['engineer', 'approver', 'admin', 'auditor'])
);
CREATE UNIQUE INDEX person_email_once ON person (email);

CREATE TABLE sign_in (
  id text NOT NULL CONSTRAINT sign_in_pkey PRIMARY KEY,
  person_id text NOT NULL CONSTRAINT sign_in_person REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  token_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  address text,
  CONSTRAINT sign_in_hash_only CHECK (token_hash ~ '^[0-9a-f]{64}$')
);
CREATE UNIQUE INDEX sign_in_token_hash_once ON sign_in (token_hash);
CREATE INDEX sign_in_by_person ON sign_in (person_id);

CREATE TABLE access_token (
  id text NOT NULL CONSTRAINT access_token_pkey PRIMARY KEY,
  person_id text NOT NULL CONSTRAINT access_token_person REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  name text NOT NULL,
  token_hash text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  CONSTRAINT access_token_hash_only CHECK (token_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT access_token_expires CHECK (expires_at > created_at),
  CONSTRAINT access_token_scopes_known
    CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'request', 'review', 'connect', 'admin', 'audit'])
);
CREATE UNIQUE INDEX access_token_hash_once ON access_token (token_hash);
CREATE INDEX access_token_by_person ON access_token (person_id);

CREATE TABLE sign_in_attempt (
  id bigserial CONSTRAINT sign_in_attempt_pkey PRIMARY KEY,
  subject text NOT NULL,
  at timestamptz(3) NOT NULL,
  succeeded boolean NOT NULL
);
CREATE INDEX sign_in_attempt_by_subject ON sign_in_attempt (subject, at);

-- ---------------------------------------------------------------- catalogue and policies

CREATE TABLE resource (
  id text NOT NULL CONSTRAINT resource_pkey PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL,
  title text NOT NULL,
  environment text NOT NULL,
  tags jsonb NOT NULL,
  definition jsonb NOT NULL,
  digest text NOT NULL,
  version integer NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  retired_at timestamptz(3),
  CONSTRAINT resource_kind_known CHECK (kind IN ('database', 'port', 'ssh', 'shell', 'subnet'))
);
CREATE UNIQUE INDEX resource_name_once ON resource (name);

CREATE TABLE policy_version (
  digest text NOT NULL CONSTRAINT policy_version_pkey PRIMARY KEY,
  content jsonb NOT NULL,
  loaded_at timestamptz(3) NOT NULL
);

-- ---------------------------------------------------------------- requests and reviews

CREATE TABLE access_request (
  id text NOT NULL CONSTRAINT access_request_pkey PRIMARY KEY,
  version integer NOT NULL,
  requester_id text NOT NULL
    CONSTRAINT access_request_requester REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  state text NOT NULL,
  reason text NOT NULL,
  ticket text,
  duration_seconds integer NOT NULL,
  created_at timestamptz(3) NOT NULL,
  starts_at timestamptz(3),
  lapses_at timestamptz(3) NOT NULL,
  decided_at timestamptz(3),
  policy_digest text NOT NULL,
  reviewers text[] NOT NULL,
  facts jsonb NOT NULL,
  facts_digest text NOT NULL,
  CONSTRAINT access_request_id_literal CHECK (id ~ '^req_[0-9A-HJKMNP-TV-Z]{26}$'),
  CONSTRAINT access_request_state_known
    CHECK (state IN ('pending', 'approved', 'denied', 'cancelled', 'lapsed')),
  CONSTRAINT access_request_decided_when_not_pending CHECK ((state = 'pending') = (decided_at IS NULL)),
  CONSTRAINT access_request_reason_length CHECK (char_length(reason) <= 500),
  CONSTRAINT access_request_duration_positive CHECK (duration_seconds > 0),
  CONSTRAINT access_request_facts_digest_form CHECK (facts_digest ~ '^[0-9a-f]{64}$')
);
CREATE UNIQUE INDEX access_request_id_and_requester ON access_request (id, requester_id);
CREATE UNIQUE INDEX access_request_id_and_facts_digest ON access_request (id, facts_digest);
CREATE INDEX access_request_by_requester ON access_request (requester_id, created_at);
CREATE INDEX access_request_by_state ON access_request (state, lapses_at);

CREATE TABLE request_item (
  id text NOT NULL CONSTRAINT request_item_pkey PRIMARY KEY,
  request_id text NOT NULL,
  requester_id text NOT NULL,
  position integer NOT NULL,
  resource_id text NOT NULL
    CONSTRAINT request_item_resource REFERENCES resource ON DELETE RESTRICT ON UPDATE CASCADE,
  state text NOT NULL,
  open boolean NOT NULL DEFAULT true,
  policy jsonb NOT NULL,
  CONSTRAINT request_item_request FOREIGN KEY (request_id, requester_id)
    REFERENCES access_request (id, requester_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT request_item_state_known CHECK (state IN ('pending', 'approved', 'denied', 'narrowed'))
);
CREATE UNIQUE INDEX request_item_position_once ON request_item (request_id, position);
CREATE UNIQUE INDEX request_item_one_open_per_person_and_resource
  ON request_item (requester_id, resource_id) WHERE open;

CREATE TABLE review (
  id text NOT NULL CONSTRAINT review_pkey PRIMARY KEY,
  request_id text NOT NULL CONSTRAINT review_request REFERENCES access_request ON DELETE RESTRICT ON UPDATE CASCADE,
  requester_id text NOT NULL,
  reviewer_id text CONSTRAINT review_reviewer REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  automatic boolean NOT NULL,
  verdict text NOT NULL,
  comment text,
  facts_digest text NOT NULL,
  duration_seconds integer,
  at timestamptz(3) NOT NULL,
  CONSTRAINT review_requester_is_of_request FOREIGN KEY (request_id, requester_id)
    REFERENCES access_request (id, requester_id),
  CONSTRAINT review_not_by_requester CHECK (reviewer_id IS DISTINCT FROM requester_id),
  CONSTRAINT review_by_person_or_policy CHECK (automatic = (reviewer_id IS NULL)),
  CONSTRAINT review_verdict_known CHECK (verdict IN ('approve', 'deny')),
  CONSTRAINT review_denial_has_comment CHECK (verdict = 'approve' OR coalesce(char_length(comment), 0) > 0)
);
CREATE UNIQUE INDEX review_once_per_request ON review (request_id);

-- A refusal by a trigger looks like that of a check: SQLSTATE 23514 and the rule's name as the constraint.
CREATE FUNCTION refuse(rule text, said text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = rule,
    MESSAGE = format('%s (constraint "%s")', said, rule);
END $$;

-- Written once: whatever the caller's role, these rows are only ever added.
CREATE FUNCTION refuse_any_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse(TG_ARGV[0], format('a row of %s is never changed', TG_TABLE_NAME));
  RETURN NULL;
END $$;

CREATE FUNCTION review_is_admissible() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE request access_request;
BEGIN
  SELECT * INTO request FROM access_request WHERE id = NEW.request_id FOR UPDATE;
  IF EXISTS (SELECT FROM review WHERE request_id = NEW.request_id) THEN
    PERFORM refuse('review_once_per_request', 'the request has its review');
  END IF;
  IF request.state IS DISTINCT FROM 'pending' THEN
    PERFORM refuse('review_of_pending_request', 'the request is not pending');
  END IF;
  IF request.facts_digest IS DISTINCT FROM NEW.facts_digest THEN
    PERFORM refuse('review_facts_digest_matches', 'the review is of other facts');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER review_is_admissible BEFORE INSERT ON review FOR EACH ROW EXECUTE FUNCTION review_is_admissible();
CREATE TRIGGER review_immutable BEFORE UPDATE OR DELETE ON review
  FOR EACH ROW EXECUTE FUNCTION refuse_any_change('review_immutable');

CREATE FUNCTION access_request_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'pending' THEN
      PERFORM refuse('access_request_legal_transition', 'a request begins pending');
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> 'pending' THEN
    PERFORM refuse('access_request_legal_transition', format('a request that is %s stays so', OLD.state));
  END IF;
  IF (NEW.id, NEW.requester_id, NEW.reason, NEW.ticket, NEW.duration_seconds, NEW.created_at, NEW.starts_at, NEW.lapses_at)
     IS DISTINCT FROM
     (OLD.id, OLD.requester_id, OLD.reason, OLD.ticket, OLD.duration_seconds, OLD.created_at, OLD.starts_at, OLD.lapses_at) THEN
    PERFORM refuse('access_request_content_immutable', 'what was asked for does not change');
  END IF;
  IF NEW.version <= OLD.version THEN
    PERFORM refuse('access_request_version_grows', 'a change has a higher version');
  END IF;
  IF NEW.state IN ('approved', 'denied') AND NOT EXISTS (
    SELECT FROM review WHERE request_id = NEW.id AND facts_digest = NEW.facts_digest
      AND verdict = CASE NEW.state WHEN 'approved' THEN 'approve' ELSE 'deny' END
  ) THEN
    PERFORM refuse('access_request_legal_transition', format('no review makes this request %s', NEW.state));
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER access_request_transition BEFORE INSERT OR UPDATE ON access_request
  FOR EACH ROW EXECUTE FUNCTION access_request_transition();

-- An item is open as long as its request is pending: the unique index over open items rests on it.
CREATE FUNCTION access_request_closes_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE request_item SET open = false WHERE request_id = NEW.id AND open;
  RETURN NULL;
END $$;
CREATE TRIGGER access_request_closes_items AFTER UPDATE ON access_request
  FOR EACH ROW WHEN (OLD.state = 'pending' AND NEW.state <> 'pending') EXECUTE FUNCTION access_request_closes_items();

CREATE FUNCTION request_item_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'pending' OR NOT NEW.open THEN
      PERFORM refuse('request_item_legal_transition', 'an item begins pending');
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.request_id, NEW.requester_id, NEW.resource_id, NEW.policy)
     IS DISTINCT FROM (OLD.id, OLD.request_id, OLD.requester_id, OLD.resource_id, OLD.policy) THEN
    PERFORM refuse('request_item_content_immutable', 'what was asked for does not change');
  END IF;
  IF OLD.state <> NEW.state AND OLD.state <> 'pending' THEN
    PERFORM refuse('request_item_legal_transition', format('an item that is %s stays so', OLD.state));
  END IF;
  IF OLD.state <> NEW.state AND NOT EXISTS (SELECT FROM review WHERE request_id = NEW.request_id) THEN
    PERFORM refuse('request_item_legal_transition', 'no review decides this item');
  END IF;
  IF NEW.open AND NOT OLD.open THEN
    PERFORM refuse('request_item_legal_transition', 'a closed item is not opened again');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER request_item_transition BEFORE INSERT OR UPDATE ON request_item
  FOR EACH ROW EXECUTE FUNCTION request_item_transition();

-- ---------------------------------------------------------------- grants

CREATE TABLE access_grant (
  id text NOT NULL CONSTRAINT grant_pkey PRIMARY KEY,
  version integer NOT NULL,
  request_id text NOT NULL CONSTRAINT grant_request REFERENCES access_request ON DELETE RESTRICT ON UPDATE CASCADE,
  item_id text NOT NULL CONSTRAINT grant_item REFERENCES request_item ON DELETE RESTRICT ON UPDATE CASCADE,
  resource_id text NOT NULL CONSTRAINT grant_resource REFERENCES resource ON DELETE RESTRICT ON UPDATE CASCADE,
  person_id text NOT NULL CONSTRAINT grant_person REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  approved_by text CONSTRAINT grant_approver REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  automatic boolean NOT NULL,
  reviewers text[] NOT NULL,
  reason text NOT NULL,
  state text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  starts_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  end_reason text,
  end_comment text,
  ended_by text,
  CONSTRAINT grant_id_literal CHECK (id ~ '^grt_[0-9A-HJKMNP-TV-Z]{26}$'),
  CONSTRAINT grant_state_known CHECK (state IN ('scheduled', 'active', 'ended')),
  CONSTRAINT grant_ends_after_start CHECK (ends_at > starts_at),
  CONSTRAINT grant_ended_has_reason
    CHECK ((state = 'ended') = (ended_at IS NOT NULL) AND (state = 'ended') = (end_reason IS NOT NULL)),
  CONSTRAINT grant_end_reason_known CHECK (end_reason IN
    ('expired', 'returned', 'revoked', 'superseded', 'policy_changed', 'leaver', 'ticket_closed', 'error')),
  CONSTRAINT grant_by_person_or_policy CHECK (automatic = (approved_by IS NULL)),
  CONSTRAINT grant_not_by_requester CHECK (approved_by IS DISTINCT FROM person_id)
);
CREATE UNIQUE INDEX grant_once_per_item ON access_grant (item_id);
CREATE INDEX grant_by_person ON access_grant (person_id, state);
CREATE INDEX grant_by_state ON access_grant (state, ends_at);
CREATE INDEX grant_by_request ON access_grant (request_id);

CREATE TABLE grant_interval (
  id text NOT NULL CONSTRAINT grant_interval_pkey PRIMARY KEY,
  grant_id text NOT NULL CONSTRAINT grant_interval_grant REFERENCES access_grant ON DELETE RESTRICT ON UPDATE CASCADE,
  starts_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL,
  CONSTRAINT grant_interval_ends_after_start CHECK (ends_at > starts_at),
  CONSTRAINT grant_interval_no_overlap
    EXCLUDE USING gist (grant_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
);
CREATE INDEX grant_interval_by_grant ON grant_interval (grant_id);

CREATE FUNCTION grant_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state NOT IN ('scheduled', 'active') THEN
      PERFORM refuse('grant_legal_transition', 'a grant begins scheduled or active');
    END IF;
    IF NOT EXISTS (
      SELECT FROM review r JOIN request_item i ON i.request_id = r.request_id
      WHERE r.request_id = NEW.request_id AND r.verdict = 'approve' AND r.automatic = NEW.automatic
        AND r.reviewer_id IS NOT DISTINCT FROM NEW.approved_by
        AND i.id = NEW.item_id AND i.resource_id = NEW.resource_id AND i.requester_id = NEW.person_id
    ) THEN
      PERFORM refuse('grant_needs_approving_review', 'no review gives this grant');
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state = 'ended' THEN
    PERFORM refuse('grant_ended_is_final', 'an ended grant never changes again');
  END IF;
  IF OLD.state = 'active' AND NEW.state = 'scheduled' THEN
    PERFORM refuse('grant_legal_transition', 'an active grant is not scheduled again');
  END IF;
  IF (NEW.id, NEW.request_id, NEW.item_id, NEW.resource_id, NEW.person_id, NEW.approved_by, NEW.automatic,
      NEW.starts_at, NEW.ends_at)
     IS DISTINCT FROM
     (OLD.id, OLD.request_id, OLD.item_id, OLD.resource_id, OLD.person_id, OLD.approved_by, OLD.automatic,
      OLD.starts_at, OLD.ends_at) THEN
    PERFORM refuse('grant_content_immutable', 'what was granted does not change');
  END IF;
  IF NEW.version <= OLD.version THEN
    PERFORM refuse('grant_version_grows', 'a change has a higher version');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER grant_transition BEFORE INSERT OR UPDATE ON access_grant
  FOR EACH ROW EXECUTE FUNCTION grant_transition();

-- ---------------------------------------------------------------- leases and sessions

CREATE TABLE lease (
  id text NOT NULL CONSTRAINT lease_pkey PRIMARY KEY,
  version integer NOT NULL,
  grant_id text NOT NULL CONSTRAINT lease_grant REFERENCES access_grant ON DELETE RESTRICT ON UPDATE CASCADE,
  person_id text NOT NULL CONSTRAINT lease_person REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  state text NOT NULL,
  intended_at timestamptz(3) NOT NULL,
  settled_at timestamptz(3),
  useful_until timestamptz(3) NOT NULL,
  account_id text NOT NULL,
  region text NOT NULL,
  instance_id text NOT NULL,
  document_name text NOT NULL,
  access_key_id text,
  failure_code text,
  CONSTRAINT lease_state_known CHECK (state IN ('intended', 'issued', 'failed', 'unknown', 'lapsed', 'cut')),
  CONSTRAINT lease_settled_when_not_intended CHECK ((state = 'intended') = (settled_at IS NULL)),
  CONSTRAINT lease_useful_at_most_120_s CHECK (useful_until <= intended_at + interval '120 seconds'),
  CONSTRAINT lease_names_no_aws_document CHECK (document_name LIKE 'jit-%')
);
CREATE INDEX lease_by_grant ON lease (grant_id, intended_at);
CREATE INDEX lease_by_person ON lease (person_id, intended_at);

CREATE FUNCTION lease_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE held access_grant;
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- The share lock makes issue and revocation of one grant wait for each other.
    SELECT * INTO held FROM access_grant WHERE id = NEW.grant_id FOR SHARE;
    IF NEW.state <> 'intended' THEN
      PERFORM refuse('lease_legal_transition', 'a lease begins as an intent');
    END IF;
    IF held.state IS DISTINCT FROM 'active' OR held.person_id <> NEW.person_id OR NEW.useful_until > held.ends_at THEN
      PERFORM refuse('lease_needs_active_grant', 'no active grant of this person covers the lease');
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> NEW.state AND NOT (OLD.state, NEW.state) IN (
    ('intended', 'issued'), ('intended', 'failed'), ('intended', 'unknown'), ('unknown', 'issued'),
    ('unknown', 'failed'), ('unknown', 'lapsed'), ('unknown', 'cut'), ('issued', 'lapsed'), ('issued', 'cut')
  ) THEN
    PERFORM refuse('lease_legal_transition', format('a lease goes not from %s to %s', OLD.state, NEW.state));
  END IF;
  IF (NEW.id, NEW.grant_id, NEW.person_id, NEW.intended_at, NEW.useful_until, NEW.instance_id, NEW.document_name)
     IS DISTINCT FROM
     (OLD.id, OLD.grant_id, OLD.person_id, OLD.intended_at, OLD.useful_until, OLD.instance_id, OLD.document_name) THEN
    PERFORM refuse('lease_content_immutable', 'what was issued does not change');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER lease_transition BEFORE INSERT OR UPDATE ON lease FOR EACH ROW EXECUTE FUNCTION lease_transition();

CREATE TABLE session (
  id text NOT NULL CONSTRAINT session_pkey PRIMARY KEY,
  version integer NOT NULL,
  grant_id text NOT NULL CONSTRAINT session_grant REFERENCES access_grant ON DELETE RESTRICT ON UPDATE CASCADE,
  lease_id text NOT NULL CONSTRAINT session_lease REFERENCES lease ON DELETE RESTRICT ON UPDATE CASCADE,
  person_id text NOT NULL CONSTRAINT session_person REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  resource_id text NOT NULL CONSTRAINT session_resource REFERENCES resource ON DELETE RESTRICT ON UPDATE CASCADE,
  state text NOT NULL,
  instance_id text NOT NULL,
  ssm_session_id text,
  client_version text NOT NULL,
  local_port integer,
  opened_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  closed_at timestamptz(3),
  end_reason text,
  cut_comment text,
  cut_by text,
  bytes_up bigint NOT NULL DEFAULT 0,
  bytes_down bigint NOT NULL DEFAULT 0,
  CONSTRAINT session_state_known CHECK (state IN ('opening', 'open', 'reconnecting', 'closing', 'closed')),
  CONSTRAINT session_closed_has_reason
    CHECK ((state = 'closed') = (closed_at IS NOT NULL) AND (state <> 'closed' OR end_reason IS NOT NULL)),
  CONSTRAINT session_end_reason_known CHECK (end_reason IN
    ('client_exit', 'idle', 'grant_ended', 'revoked', 'network', 'gateway_lost', 'limit', 'error')),
  CONSTRAINT session_bytes_not_negative CHECK (bytes_up >= 0 AND bytes_down >= 0)
);
CREATE INDEX session_by_grant ON session (grant_id, state);
CREATE INDEX session_by_person ON session (person_id, opened_at);
CREATE INDEX session_by_state ON session (state, last_seen_at);

CREATE FUNCTION session_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE held access_grant;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT * INTO held FROM access_grant WHERE id = NEW.grant_id FOR SHARE;
    IF NEW.state <> 'opening' THEN
      PERFORM refuse('session_legal_transition', 'a session begins opening');
    END IF;
    IF held.state IS DISTINCT FROM 'active' OR held.person_id <> NEW.person_id OR held.resource_id <> NEW.resource_id
       OR NOT EXISTS (SELECT FROM lease WHERE id = NEW.lease_id AND grant_id = NEW.grant_id AND state = 'issued') THEN
      PERFORM refuse('session_needs_active_grant', 'no active grant and issued lease of this person cover the session');
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state = 'closed' THEN
    PERFORM refuse('session_closed_is_final', 'a closed session never changes again');
  END IF;
  IF OLD.state <> NEW.state AND NOT (OLD.state, NEW.state) IN (
    ('opening', 'open'), ('opening', 'closing'), ('opening', 'closed'), ('open', 'reconnecting'), ('open', 'closing'),
    ('open', 'closed'), ('reconnecting', 'open'), ('reconnecting', 'closing'), ('reconnecting', 'closed'), ('closing', 'closed')
  ) THEN
    PERFORM refuse('session_legal_transition', format('a session goes not from %s to %s', OLD.state, NEW.state));
  END IF;
  IF (NEW.id, NEW.grant_id, NEW.person_id, NEW.resource_id, NEW.opened_at)
     IS DISTINCT FROM (OLD.id, OLD.grant_id, OLD.person_id, OLD.resource_id, OLD.opened_at) THEN
    PERFORM refuse('session_content_immutable', 'whose session it is does not change');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER session_transition BEFORE INSERT OR UPDATE ON session
  FOR EACH ROW EXECUTE FUNCTION session_transition();

-- ---------------------------------------------------------------- audit and outbox

CREATE TABLE audit_event (
  id text NOT NULL CONSTRAINT audit_event_pkey PRIMARY KEY,
  position bigint NOT NULL DEFAULT 0,
  at timestamptz(3) NOT NULL,
  type text NOT NULL,
  actor_kind text NOT NULL,
  actor_id text,
  actor_name text NOT NULL,
  actor_email text,
  subject_person_id text,
  subject_email text,
  resource_id text,
  resource_name text,
  resource_kind text,
  resource_names text[] NOT NULL,
  request_id text,
  grant_id text,
  lease_id text,
  session_id text,
  sentence text NOT NULL,
  details jsonb NOT NULL,
  CONSTRAINT audit_event_actor_kind_known CHECK (actor_kind IN ('person', 'system')),
  CONSTRAINT audit_event_person_is_named CHECK (actor_kind = 'system' OR actor_id IS NOT NULL)
);
CREATE UNIQUE INDEX audit_event_position_once ON audit_event (position);
CREATE INDEX audit_event_by_type ON audit_event (type, position);
CREATE INDEX audit_event_by_grant ON audit_event (grant_id);
CREATE INDEX audit_event_by_request ON audit_event (request_id);
CREATE INDEX audit_event_by_actor ON audit_event (actor_id, position);
CREATE INDEX audit_event_by_time ON audit_event (at);

-- The last position given. Its row is locked from the first event of a commit to the commit's end, so positions
-- have no gaps and a reader that goes on after position n misses nothing.
CREATE TABLE audit_position (
  one boolean NOT NULL DEFAULT true CONSTRAINT audit_position_pkey PRIMARY KEY CONSTRAINT audit_position_one_row CHECK (one),
  last bigint NOT NULL
);
INSERT INTO audit_position (last) VALUES (0);

CREATE FUNCTION audit_event_takes_position() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE audit_position SET last = last + 1 RETURNING last INTO NEW.position;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_event_takes_position BEFORE INSERT ON audit_event
  FOR EACH ROW EXECUTE FUNCTION audit_event_takes_position();
CREATE TRIGGER audit_event_immutable BEFORE UPDATE OR DELETE ON audit_event
  FOR EACH ROW EXECUTE FUNCTION refuse_any_change('audit_event_immutable');
CREATE TRIGGER audit_event_never_emptied BEFORE TRUNCATE ON audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_any_change('audit_event_immutable');

CREATE TABLE outbox_entry (
  id text NOT NULL CONSTRAINT outbox_entry_pkey PRIMARY KEY,
  topic text NOT NULL,
  key text NOT NULL,
  payload jsonb NOT NULL,
  state text NOT NULL,
  due_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  settled_at timestamptz(3),
  CONSTRAINT outbox_entry_state_known CHECK (state IN ('waiting', 'done', 'dead')),
  CONSTRAINT outbox_entry_settled_when_not_waiting CHECK ((state = 'waiting') = (settled_at IS NULL))
);
CREATE UNIQUE INDEX outbox_entry_key_once ON outbox_entry (key);
CREATE INDEX outbox_entry_by_due ON outbox_entry (state, due_at);

-- ---------------------------------------------------------------- the application's role

-- Roles belong to the whole server, so another database of it may have made this one already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sallyport_app') THEN
    CREATE ROLE sallyport_app NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
-- So that the owner can also act as it (`-c role=sallyport_app`) where no second login is configured.
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'sallyport_app', 'MEMBER') THEN
    EXECUTE format('GRANT sallyport_app TO %I', current_user);
  END IF;
END $$;

GRANT USAGE ON SCHEMA public TO sallyport_app;
GRANT SELECT, INSERT, UPDATE ON person, sign_in, access_token, resource, policy_version, access_request, request_item,
  access_grant, lease, session, outbox_entry TO sallyport_app;
GRANT SELECT, INSERT ON review, grant_interval, audit_event TO sallyport_app;
GRANT SELECT, INSERT, DELETE ON sign_in_attempt TO sallyport_app;
GRANT USAGE ON SEQUENCE sign_in_attempt_id_seq TO sallyport_app;
