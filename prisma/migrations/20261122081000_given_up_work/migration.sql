-- Work that was given up is told of while it stands there, and removed after a time as what was done is.
CREATE INDEX outbox_entry_given_up ON outbox_entry (settled_at) WHERE state = 'dead';

CREATE OR REPLACE FUNCTION outbox_entry_is_done() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'waiting' THEN
    PERFORM refuse('outbox_entry_done_before_removed', 'this has not been done');
  END IF;
  RETURN OLD;
END $$;
