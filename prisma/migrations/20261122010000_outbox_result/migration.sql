-- What the work of an entry gave, for example the sessions that a sweep ended: evidence for later entries.
ALTER TABLE outbox_entry ADD COLUMN result jsonb;
