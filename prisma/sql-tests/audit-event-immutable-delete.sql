-- An audit event is never deleted, by the owner of the tables either.
-- expects 23514 audit_event_immutable
DELETE FROM audit_event;
