-- A cancelled request does not become pending again.
-- expects 23514 access_request_legal_transition
-- as sallyport_app
UPDATE access_request SET state = 'pending', version = 3, decided_at = NULL WHERE id = 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2C';
