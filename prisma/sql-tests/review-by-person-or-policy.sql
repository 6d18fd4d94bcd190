-- A review without a reviewer is a policy's own.
-- expects 23514 review_by_person_or_policy
INSERT INTO review (id, request_id, requester_id, reviewer_id, automatic, verdict, facts_digest, at)
VALUES ('rev_X', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A', 'prs_engineer', NULL, false, 'approve', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', now());
