-- A record that comes again is not kept twice.
-- expects 23505 flow_record_pkey
-- as sallyport_app
INSERT INTO flow_record (agent_id, flow_id, grant_id, person_id, jti, proto, destination, port, bytes_up, bytes_down, started_at, ended_at, "end", reported_at)
SELECT agent_id, flow_id, grant_id, person_id, jti, proto, destination, port, bytes_up, bytes_down, started_at, ended_at, "end", reported_at FROM flow_record;
