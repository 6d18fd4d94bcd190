-- The same work is queued once.
-- expects 23505 outbox_entry_key_once
-- as sallyport_app
INSERT INTO outbox_entry (id, topic, key, payload, state, due_at, created_at)
SELECT 'out_' || n, 't', 'grant:1:terminate:0', '{}', 'waiting', now(), now() FROM generate_series(1, 2) AS n;
