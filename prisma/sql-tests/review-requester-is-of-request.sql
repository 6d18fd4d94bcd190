-- A review cannot name another requester to slip past that rule.
-- expects 23503 review_requester_is_of_request
INSERT INTO review (id, request_id, requester_id, reviewer_id, automatic, verdict, facts_digest, at)
VALUES ('rev_X', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A', 'prs_approver', 'prs_engineer', false, 'approve', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', now());
