import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The database of the world with IAM sign-in, as its catalogue and its network name it. */
export const iamDatabase = {
  host: 'shop-iam.c9example.eu-west-1.rds.amazonaws.com',
  port: 5432,
  resourceId: 'db-ABCDEFGHIJKLMNOP',
  role: 'jit_reader',
  name: 'shop',
} as const;

const here = fileURLToPath(new URL('.', import.meta.url));

/** Writes the transfer world with one more resource, `test-iam`, to a folder of its own and answers where it is. */
export function writeIamWorld(): { folder: string; worldFile: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-iam-'));
  const { host, port, resourceId, role, name } = iamDatabase;
  const catalog = readFileSync(join(here, 'transfer-catalog.yaml'), 'utf8');
  writeFileSync(
    join(folder, 'catalog.yaml'),
    `${catalog}
  - name: test-iam
    kind: database
    title: Shop database with IAM sign-in
    description: For tests of database tokens.
    environment: staging
    team: platform
    tags: { app: test }
    gateway: bastion
    connectable: true
    recording: { recorded: false, statement: The amount of traffic is recorded. }
    host: ${host}
    port: ${port}
    protocol: postgresql
    tls: { serverName: ${host} }
    database: { name: ${name}, role: ${role}, auth: iam, rdsResourceId: ${resourceId} }
`,
  );
  const world = readFileSync(join(here, 'transfer.yaml'), 'utf8');
  writeFileSync(
    join(folder, 'world.yaml'),
    `${world.replace('catalog: transfer-catalog.yaml', 'catalog: catalog.yaml')}
  - host: ${host}
    port: ${port}
    address: 10.0.3.50
    backing: { kind: rds, database: shop, account: '111122223333', region: eu-west-1, resource-id: ${resourceId} }
`,
  );
  return { folder, worldFile: join(folder, 'world.yaml') };
}
