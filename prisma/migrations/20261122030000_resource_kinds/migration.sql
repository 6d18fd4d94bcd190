-- EKS clusters can be asked for.
ALTER TABLE resource DROP CONSTRAINT resource_kind_known;
ALTER TABLE resource ADD CONSTRAINT resource_kind_known
  CHECK (kind IN ('database', 'port', 'cluster', 'ssh', 'shell', 'subnet'));
