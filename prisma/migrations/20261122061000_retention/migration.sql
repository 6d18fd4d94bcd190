-- What grows without end is removed after a time. The audit log is none of it, and what it has not told of yet stays.
CREATE INDEX flow_record_to_remove ON flow_record (ended_at) WHERE audited;
CREATE INDEX agent_token_to_remove ON agent_token (expires_at);
CREATE INDEX outbox_entry_to_remove ON outbox_entry (settled_at) WHERE state = 'done';
CREATE INDEX sign_in_to_remove ON sign_in (expires_at);

CREATE FUNCTION flow_record_is_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT OLD.audited THEN
    PERFORM refuse('flow_record_told_before_removed', 'the audit log has not told of this conversation yet');
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER flow_record_is_told BEFORE DELETE ON flow_record FOR EACH ROW EXECUTE FUNCTION flow_record_is_told();

CREATE FUNCTION outbox_entry_is_done() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'done' THEN
    PERFORM refuse('outbox_entry_done_before_removed', 'this has not been done');
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER outbox_entry_is_done BEFORE DELETE ON outbox_entry FOR EACH ROW EXECUTE FUNCTION outbox_entry_is_done();

-- An agent may still tell of what passed under the tokens of a grant that stands.
CREATE FUNCTION agent_token_is_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM access_grant WHERE id = OLD.grant_id AND state <> 'ended') THEN
    PERFORM refuse('agent_token_over_before_removed', 'the grant of this token stands');
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER agent_token_is_over BEFORE DELETE ON agent_token FOR EACH ROW EXECUTE FUNCTION agent_token_is_over();

GRANT DELETE ON flow_record, agent_token, agent_join_token, outbox_entry, sign_in TO sallyport_app;
