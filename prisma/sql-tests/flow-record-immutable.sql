-- What an agent told does not change.
-- expects 23514 flow_record_immutable
-- as sallyport_app
UPDATE flow_record SET bytes_up = 1, audited = true WHERE flow_id = 'flow_1';
