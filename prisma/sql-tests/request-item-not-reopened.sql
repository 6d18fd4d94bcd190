-- A closed item is not opened again.
-- expects 23514 request_item_legal_transition
-- as sallyport_app
UPDATE request_item SET open = true WHERE id = 'itm_B';
