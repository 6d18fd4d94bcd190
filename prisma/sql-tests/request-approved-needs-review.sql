-- A request cannot be made approved without a review.
-- expects 23514 access_request_legal_transition
-- as sallyport_app
UPDATE access_request SET state = 'approved', version = 2, decided_at = now() WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2A';
