-- A lease lapses by the clock or is cut by the end of its grant, and no session begins with one that did.
CREATE OR REPLACE FUNCTION lease_transition() RETURNS trigger LANGUAGE plpgsql AS $$
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
  IF OLD.state <> 'cut' AND NEW.state = 'cut'
     AND NOT EXISTS (SELECT FROM access_grant WHERE id = NEW.grant_id AND state = 'ended') THEN
    PERFORM refuse('lease_legal_transition', 'a lease is cut by the end of its grant');
  END IF;
  IF (NEW.id, NEW.grant_id, NEW.person_id, NEW.intended_at, NEW.useful_until, NEW.instance_id, NEW.document_name)
     IS DISTINCT FROM
     (OLD.id, OLD.grant_id, OLD.person_id, OLD.intended_at, OLD.useful_until, OLD.instance_id, OLD.document_name) THEN
    PERFORM refuse('lease_content_immutable', 'what was issued does not change');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION session_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE held access_grant;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT * INTO held FROM access_grant WHERE id = NEW.grant_id FOR SHARE;
    IF NEW.state <> 'opening' THEN
      PERFORM refuse('session_legal_transition', 'a session begins opening');
    END IF;
    IF held.state IS DISTINCT FROM 'active' OR held.person_id <> NEW.person_id OR held.resource_id <> NEW.resource_id THEN
      PERFORM refuse('session_needs_active_grant', 'no active grant of this person covers the session');
    END IF;
    IF NOT EXISTS (SELECT FROM lease WHERE id = NEW.lease_id AND grant_id = NEW.grant_id AND state = 'issued'
                   AND useful_until > NEW.opened_at) THEN
      PERFORM refuse('session_needs_useful_lease', 'no lease of this grant that is still useful covers the session');
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

-- The timer asks which leases are still out.
CREATE INDEX lease_by_state ON lease (state, useful_until);
