-- An audit event is never changed, by the owner of the tables either.
-- expects 23514 audit_event_immutable
UPDATE audit_event SET sentence = 'x';
