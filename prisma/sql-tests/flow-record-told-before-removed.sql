-- What the audit log has not told of is not removed.
-- expects 23514 flow_record_told_before_removed
-- as sallyport_app
DELETE FROM flow_record WHERE flow_id = 'flow_1';
