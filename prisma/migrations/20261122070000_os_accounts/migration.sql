-- Accounts of people on hosts, as the hosts told of them, and when somebody last changed the groups of a person here.
ALTER TABLE person ADD COLUMN groups_changed_at timestamptz(3);

CREATE TABLE os_account (
  instance_id text NOT NULL,
  name text NOT NULL,
  person_id text NOT NULL CONSTRAINT os_account_person REFERENCES person ON DELETE RESTRICT ON UPDATE CASCADE,
  gateway text NOT NULL,
  uid integer NOT NULL,
  state text NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  CONSTRAINT os_account_pkey PRIMARY KEY (instance_id, name),
  CONSTRAINT os_account_state_known CHECK (state IN ('open', 'locked', 'closed')),
  CONSTRAINT os_account_name_form CHECK (name ~ '^[a-z_][a-z0-9_-]{0,30}$')
);
CREATE INDEX os_account_by_person ON os_account (person_id);

CREATE FUNCTION os_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.instance_id, NEW.name, NEW.person_id) IS DISTINCT FROM (OLD.instance_id, OLD.name, OLD.person_id) THEN
    PERFORM refuse('os_account_of_one_person', 'an account is never given to a second person');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER os_account_change BEFORE UPDATE ON os_account FOR EACH ROW EXECUTE FUNCTION os_account_change();

GRANT SELECT, INSERT, UPDATE ON os_account TO sallyport_app;
