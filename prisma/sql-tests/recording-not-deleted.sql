-- No head of a recording is deleted.
-- expects 42501
-- as sallyport_app
DELETE FROM recording;
