-- Leases that demanded a recording and under which no session was told of: told once.
CREATE TABLE untold_lease (
  lease_id text NOT NULL CONSTRAINT untold_lease_pkey PRIMARY KEY
    CONSTRAINT untold_lease_lease REFERENCES lease ON DELETE RESTRICT ON UPDATE CASCADE,
  told_at timestamptz(3) NOT NULL
);

GRANT SELECT, INSERT ON untold_lease TO sallyport_app;
