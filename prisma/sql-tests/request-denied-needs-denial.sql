-- An approving review denies nothing.
-- expects 23514 access_request_legal_transition
INSERT INTO review (id, request_id, requester_id, reviewer_id, automatic, verdict, facts_digest, at)
VALUES ('rev_X', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A', 'prs_engineer', 'prs_approver', false, 'approve', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', now());
UPDATE access_request SET state = 'denied', version = 2, decided_at = now() WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A';
