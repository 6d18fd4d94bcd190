-- Companion agents, the tokens that they obey, and what they tell of the conversations that passed.
CREATE TABLE agent (
  id text NOT NULL CONSTRAINT agent_pkey PRIMARY KEY,
  instance_id text NOT NULL,
  account_id text,
  public_key text NOT NULL,
  thumbprint text NOT NULL,
  enrolled_by text NOT NULL,
  enrolled_at timestamptz(3) NOT NULL,
  retired_at timestamptz(3),
  last_seen_at timestamptz(3),
  CONSTRAINT agent_enrolled_by_known CHECK (enrolled_by IN ('file', 'join')),
  CONSTRAINT agent_public_key_form CHECK (public_key ~ '^[A-Za-z0-9_-]{43}$' AND thumbprint ~ '^[A-Za-z0-9_-]{43}$')
);
CREATE UNIQUE INDEX agent_thumbprint_once ON agent (thumbprint);
-- Whoever holds an instance's token may not stand beside the agent that is there: it is replaced, and told apart.
CREATE UNIQUE INDEX agent_one_per_instance ON agent (instance_id) WHERE retired_at IS NULL;

CREATE FUNCTION agent_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.instance_id, NEW.public_key, NEW.thumbprint, NEW.enrolled_by)
     IS DISTINCT FROM (OLD.id, OLD.instance_id, OLD.public_key, OLD.thumbprint, OLD.enrolled_by) THEN
    PERFORM refuse('agent_content_immutable', 'an agent with another key is another agent');
  END IF;
  IF OLD.retired_at IS NOT NULL AND NEW.retired_at IS NULL AND NEW.enrolled_by <> 'file' THEN
    PERFORM refuse('agent_retired_is_final', 'a retired agent does not come back');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER agent_transition BEFORE UPDATE ON agent FOR EACH ROW EXECUTE FUNCTION agent_transition();

CREATE TABLE agent_join_token (
  id text NOT NULL CONSTRAINT agent_join_token_pkey PRIMARY KEY,
  token_hash text NOT NULL,
  instance_id text NOT NULL,
  made_by text NOT NULL CONSTRAINT agent_join_token_maker REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  CONSTRAINT agent_join_token_hash_only CHECK (token_hash ~ '^[0-9a-f]{64}$')
);
CREATE UNIQUE INDEX agent_join_token_hash_once ON agent_join_token (token_hash);

CREATE FUNCTION agent_join_token_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.used_at IS NOT NULL OR (NEW.token_hash, NEW.instance_id, NEW.expires_at)
     IS DISTINCT FROM (OLD.token_hash, OLD.instance_id, OLD.expires_at) THEN
    PERFORM refuse('agent_join_token_once', 'a join token lets one agent enrol, once');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER agent_join_token_transition BEFORE UPDATE ON agent_join_token
  FOR EACH ROW EXECUTE FUNCTION agent_join_token_transition();

CREATE TABLE agent_token (
  id text NOT NULL CONSTRAINT agent_token_pkey PRIMARY KEY,
  grant_id text NOT NULL CONSTRAINT agent_token_grant REFERENCES access_grant ON DELETE RESTRICT ON UPDATE CASCADE,
  person_id text NOT NULL CONSTRAINT agent_token_person REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  agent_id text NOT NULL CONSTRAINT agent_token_agent REFERENCES agent ON DELETE RESTRICT ON UPDATE CASCADE,
  thumbprint text NOT NULL,
  issued_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  CONSTRAINT agent_token_at_most_60_s CHECK (expires_at > issued_at AND expires_at <= issued_at + interval '60 seconds')
);
CREATE INDEX agent_token_by_grant ON agent_token (grant_id, issued_at);

CREATE FUNCTION agent_token_is_admissible() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE held access_grant;
BEGIN
  -- The share lock makes a token and the end of its grant wait for each other.
  SELECT * INTO held FROM access_grant WHERE id = NEW.grant_id FOR SHARE;
  IF held.state IS DISTINCT FROM 'active' OR held.person_id <> NEW.person_id OR NEW.expires_at > held.ends_at THEN
    PERFORM refuse('agent_token_needs_active_grant', 'no active grant of this person covers the token');
  END IF;
  IF NOT EXISTS (SELECT FROM agent WHERE id = NEW.agent_id AND retired_at IS NULL) THEN
    PERFORM refuse('agent_token_needs_enrolled_agent', 'the agent is not enrolled any more');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER agent_token_is_admissible BEFORE INSERT ON agent_token
  FOR EACH ROW EXECUTE FUNCTION agent_token_is_admissible();

CREATE TABLE flow_record (
  agent_id text NOT NULL CONSTRAINT flow_record_agent REFERENCES agent ON DELETE RESTRICT ON UPDATE CASCADE,
  flow_id text NOT NULL,
  grant_id text NOT NULL CONSTRAINT flow_record_grant REFERENCES access_grant ON DELETE RESTRICT ON UPDATE CASCADE,
  person_id text NOT NULL CONSTRAINT flow_record_person REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  jti text NOT NULL,
  proto text NOT NULL,
  source text,
  destination text NOT NULL,
  port integer,
  name text,
  bytes_up bigint NOT NULL,
  bytes_down bigint NOT NULL,
  started_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3) NOT NULL,
  "end" text NOT NULL,
  code text,
  reported_at timestamptz(3) NOT NULL,
  audited boolean NOT NULL DEFAULT false,
  CONSTRAINT flow_record_pkey PRIMARY KEY (agent_id, flow_id),
  CONSTRAINT flow_record_proto_known CHECK (proto IN ('tcp', 'udp', 'icmp', 'ip', 'dns')),
  CONSTRAINT flow_record_end_known CHECK ("end" IN ('client', 'far', 'refused', 'revoked', 'expired', 'limit', 'error')),
  CONSTRAINT flow_record_bytes CHECK (bytes_up >= 0 AND bytes_down >= 0),
  CONSTRAINT flow_record_times CHECK (started_at <= ended_at)
);
CREATE INDEX flow_record_by_grant ON flow_record (grant_id, ended_at);
CREATE INDEX flow_record_to_audit ON flow_record (grant_id, reported_at) WHERE NOT audited;

CREATE FUNCTION flow_record_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.audited OR NOT NEW.audited OR to_jsonb(NEW) - 'audited' IS DISTINCT FROM to_jsonb(OLD) - 'audited' THEN
    PERFORM refuse('flow_record_immutable', 'a flow record does not change');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER flow_record_transition BEFORE UPDATE ON flow_record
  FOR EACH ROW EXECUTE FUNCTION flow_record_transition();

GRANT SELECT, INSERT, UPDATE ON agent, agent_join_token, flow_record TO sallyport_app;
GRANT SELECT, INSERT ON agent_token TO sallyport_app;
