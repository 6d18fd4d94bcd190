-- What is still to be done is not removed.
-- expects 23514 outbox_entry_done_before_removed
-- as sallyport_app
INSERT INTO outbox_entry (id, topic, key, payload, state, due_at, created_at)
VALUES ('out_1', 'grant.sweep', 'grant:1:terminate:0', '{}', 'waiting', now(), now());
DELETE FROM outbox_entry WHERE id = 'out_1';
