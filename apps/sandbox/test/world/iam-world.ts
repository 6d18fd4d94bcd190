import { writeWorld, type WorldAdditions, type WrittenWorld } from './written-world.ts';

/** The database of the world with IAM sign-in, as its catalogue and its network name it. */
export const iamDatabase = {
  host: 'shop-iam.c9example.eu-west-1.rds.amazonaws.com',
  port: 5432,
  resourceId: 'db-ABCDEFGHIJKLMNOP',
  role: 'jit_reader',
  name: 'shop',
} as const;

/**
 * Writes the transfer world with one more resource, `test-iam`. `authority` is the folder of the authority of its certificate, and `ca` that certificate
 * (PEM) where the catalogue is to name it.
 */
export function writeIamWorld(
  tls: { readonly authority?: string; readonly ca?: string } = {},
  more: WorldAdditions = {},
  folder?: string,
): WrittenWorld {
  const { host, port, resourceId, role, name } = iamDatabase;
  const resource = {
    name: 'test-iam',
    kind: 'database',
    title: 'Shop database with IAM sign-in',
    description: 'For tests of database tokens.',
    environment: 'staging',
    team: 'platform',
    tags: { app: 'test' },
    gateway: 'bastion',
    connectable: true,
    recording: { recorded: false, statement: 'The amount of traffic is recorded.' },
    host,
    port,
    protocol: 'postgresql',
    tls: { serverName: host, ...(tls.ca === undefined ? {} : { ca: tls.ca }) },
    database: { name, role, auth: 'iam', rdsResourceId: resourceId },
  };
  const backing = {
    kind: 'rds',
    database: name,
    account: '111122223333',
    region: 'eu-west-1',
    'resource-id': resourceId,
    ...(tls.authority === undefined ? {} : { authority: tls.authority }),
  };
  const additions = {
    ...more,
    resources: [resource, ...(more.resources ?? [])],
    network: [{ host, port, address: '10.0.3.50', backing }, ...(more.network ?? [])],
  };
  return folder === undefined ? writeWorld(additions) : writeWorld(additions, folder);
}
