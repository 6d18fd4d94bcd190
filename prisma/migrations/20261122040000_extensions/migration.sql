-- A grant may be given more time: a request of its own, with its own review, adds an interval where the last one ends.
ALTER TABLE access_request ADD COLUMN extends_grant_id text
  CONSTRAINT access_request_extends_grant REFERENCES access_grant ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX access_request_by_extended_grant ON access_request (extends_grant_id);

ALTER TABLE grant_interval ADD COLUMN request_id text
  CONSTRAINT grant_interval_request REFERENCES access_request ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE UNIQUE INDEX grant_interval_once_per_request ON grant_interval (request_id);

CREATE OR REPLACE FUNCTION access_request_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE held access_grant;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'pending' THEN
      PERFORM refuse('access_request_legal_transition', 'a request begins pending');
    END IF;
    IF NEW.extends_grant_id IS NOT NULL THEN
      -- The share lock makes asking for more time and the grant's end wait for each other.
      SELECT * INTO held FROM access_grant WHERE id = NEW.extends_grant_id FOR SHARE;
      IF held.state IS DISTINCT FROM 'active' OR held.person_id <> NEW.requester_id THEN
        PERFORM refuse('access_request_extends_own_active_grant', 'no active grant of this person is there to extend');
      END IF;
      IF NEW.lapses_at > held.ends_at OR NEW.starts_at IS NOT NULL THEN
        PERFORM refuse('access_request_extends_before_its_end', 'an extension is answered before the end that it moves');
      END IF;
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> 'pending' THEN
    PERFORM refuse('access_request_legal_transition', format('a request that is %s stays so', OLD.state));
  END IF;
  IF (NEW.id, NEW.requester_id, NEW.reason, NEW.ticket, NEW.duration_seconds, NEW.created_at, NEW.starts_at, NEW.lapses_at,
      NEW.extends_grant_id)
     IS DISTINCT FROM
     (OLD.id, OLD.requester_id, OLD.reason, OLD.ticket, OLD.duration_seconds, OLD.created_at, OLD.starts_at, OLD.lapses_at,
      OLD.extends_grant_id) THEN
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

CREATE OR REPLACE FUNCTION request_item_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'pending' OR NOT NEW.open THEN
      PERFORM refuse('request_item_legal_transition', 'an item begins pending');
    END IF;
    IF EXISTS (SELECT FROM access_request r JOIN access_grant g ON g.id = r.extends_grant_id
               WHERE r.id = NEW.request_id AND (g.resource_id <> NEW.resource_id OR NEW.position <> 0)) THEN
      PERFORM refuse('request_item_of_extended_grant', 'an extension is of its grant''s resource alone');
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

CREATE OR REPLACE FUNCTION grant_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state NOT IN ('scheduled', 'active') THEN
      PERFORM refuse('grant_legal_transition', 'a grant begins scheduled or active');
    END IF;
    IF NOT EXISTS (
      SELECT FROM review r JOIN request_item i ON i.request_id = r.request_id
      WHERE r.request_id = NEW.request_id AND r.verdict = 'approve' AND r.automatic = NEW.automatic
        AND r.reviewer_id IS NOT DISTINCT FROM NEW.approved_by
        AND NOT EXISTS (SELECT FROM access_request q WHERE q.id = NEW.request_id AND q.extends_grant_id IS NOT NULL)
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
      NEW.starts_at)
     IS DISTINCT FROM
     (OLD.id, OLD.request_id, OLD.item_id, OLD.resource_id, OLD.person_id, OLD.approved_by, OLD.automatic,
      OLD.starts_at) THEN
    PERFORM refuse('grant_content_immutable', 'what was granted does not change');
  END IF;
  -- The end moves by a further interval alone, and only while the grant stands.
  IF NEW.ends_at <> OLD.ends_at AND (
    (OLD.state, NEW.state) IS DISTINCT FROM ('active', 'active')
    OR NEW.ends_at IS DISTINCT FROM (SELECT max(ends_at) FROM grant_interval WHERE grant_id = NEW.id)
  ) THEN
    PERFORM refuse('grant_content_immutable', 'the end of a grant moves by an extension alone');
  END IF;
  IF NEW.version <= OLD.version THEN
    PERFORM refuse('grant_version_grows', 'a change has a higher version');
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION grant_interval_is_admissible() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  held access_grant;
  asked access_request;
  until timestamptz;
BEGIN
  -- Extension and revocation of one grant wait for each other here.
  SELECT * INTO held FROM access_grant WHERE id = NEW.grant_id FOR UPDATE;
  SELECT max(ends_at) INTO until FROM grant_interval WHERE grant_id = NEW.grant_id;
  IF until IS NULL THEN
    IF NEW.request_id IS NOT NULL
       OR (NEW.starts_at, NEW.ends_at) IS DISTINCT FROM (held.starts_at, held.ends_at) THEN
      PERFORM refuse('grant_interval_first_is_of_grant', 'the first interval is that of the grant');
    END IF;
    RETURN NEW;
  END IF;
  IF held.state <> 'active' THEN
    PERFORM refuse('grant_interval_of_active_grant', 'a grant that does not stand is not extended');
  END IF;
  SELECT * INTO asked FROM access_request WHERE id = NEW.request_id;
  IF asked.extends_grant_id IS DISTINCT FROM NEW.grant_id OR asked.state IS DISTINCT FROM 'approved' THEN
    PERFORM refuse('grant_interval_needs_approved_extension', 'no approved request gives this interval');
  END IF;
  IF NEW.starts_at > until OR NEW.ends_at > NEW.starts_at + make_interval(secs => asked.duration_seconds) THEN
    PERFORM refuse('grant_interval_as_asked', 'an extension begins at the end and is no longer than it was asked for');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER grant_interval_is_admissible BEFORE INSERT ON grant_interval
  FOR EACH ROW EXECUTE FUNCTION grant_interval_is_admissible();
