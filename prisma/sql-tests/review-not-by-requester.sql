-- Nobody reviews their own request.
-- expects 23514 review_not_by_requester
INSERT INTO review (id, request_id, requester_id, reviewer_id, automatic, verdict, facts_digest, at)
VALUES ('rev_X', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A', 'prs_engineer', 'prs_engineer', false, 'approve', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', now());
