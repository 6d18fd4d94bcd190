-- Recordings of sessions by the client: the head here, the encrypted body in a vault.
ALTER TABLE lease ADD COLUMN client_recording boolean NOT NULL DEFAULT false;

CREATE TABLE recording (
  id text NOT NULL CONSTRAINT recording_pkey PRIMARY KEY,
  session_id text NOT NULL CONSTRAINT recording_session REFERENCES session ON DELETE RESTRICT ON UPDATE CASCADE,
  grant_id text NOT NULL CONSTRAINT recording_grant REFERENCES access_grant ON DELETE RESTRICT ON UPDATE CASCADE,
  person_id text NOT NULL CONSTRAINT recording_person REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  state text NOT NULL,
  started_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  complete boolean NOT NULL,
  announced_at timestamptz(3) NOT NULL,
  stored_at timestamptz(3),
  removed_at timestamptz(3),
  CONSTRAINT recording_id_form CHECK (id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'),
  CONSTRAINT recording_state_known CHECK (state IN ('announced', 'stored', 'removed')),
  CONSTRAINT recording_state_has_time
    CHECK ((state = 'announced') = (stored_at IS NULL) AND (state = 'removed') = (removed_at IS NOT NULL)),
  CONSTRAINT recording_digest_form CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT recording_at_most_64_mib CHECK (bytes > 0 AND bytes <= 67108864)
);
CREATE INDEX recording_by_session ON recording (session_id);
CREATE INDEX recording_by_person ON recording (person_id, state);
CREATE INDEX recording_by_stored ON recording (stored_at, id);

CREATE FUNCTION recording_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'announced' THEN
      PERFORM refuse('recording_legal_transition', 'a recording begins announced');
    END IF;
    IF NOT EXISTS (
      SELECT FROM session s JOIN lease l ON l.id = s.lease_id
      WHERE s.id = NEW.session_id AND s.grant_id = NEW.grant_id AND s.person_id = NEW.person_id AND l.client_recording
    ) THEN
      PERFORM refuse('recording_of_own_recorded_session', 'no session of this person and grant is to be recorded');
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('announced', 'stored'), ('stored', 'removed')) THEN
    PERFORM refuse('recording_legal_transition', format('a recording goes not from %s to %s', OLD.state, NEW.state));
  END IF;
  IF (NEW.id, NEW.session_id, NEW.grant_id, NEW.person_id) IS DISTINCT FROM
     (OLD.id, OLD.session_id, OLD.grant_id, OLD.person_id)
     OR (OLD.state, NEW.state) IS DISTINCT FROM ('announced', 'announced')
     AND (NEW.started_at, NEW.ended_at, NEW.bytes, NEW.sha256, NEW.complete) IS DISTINCT FROM
         (OLD.started_at, OLD.ended_at, OLD.bytes, OLD.sha256, OLD.complete)
     OR OLD.state <> 'announced' AND NEW.stored_at IS DISTINCT FROM OLD.stored_at THEN
    PERFORM refuse('recording_content_immutable', 'a stored recording does not change');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER recording_transition BEFORE INSERT OR UPDATE ON recording
  FOR EACH ROW EXECUTE FUNCTION recording_transition();

-- A closed session never changes, so that its missing recording was told stands beside it.
CREATE TABLE missing_recording (
  session_id text NOT NULL CONSTRAINT missing_recording_pkey PRIMARY KEY
    CONSTRAINT missing_recording_session REFERENCES session ON DELETE RESTRICT ON UPDATE CASCADE,
  told_at timestamptz(3) NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON recording TO sallyport_app;
GRANT SELECT, INSERT ON missing_recording TO sallyport_app;
