-- An item cannot be approved without a review.
-- expects 23514 request_item_legal_transition
-- as sallyport_app
UPDATE request_item SET state = 'approved' WHERE id = 'itm_A';
