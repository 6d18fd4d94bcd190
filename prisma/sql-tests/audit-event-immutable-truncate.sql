-- The audit is never emptied, by the owner of the tables either.
-- expects 23514 audit_event_immutable
TRUNCATE audit_event;
