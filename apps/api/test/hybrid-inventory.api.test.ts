/** The inventory against the sandbox: nodes outside EC2 by their tags, which are not asked for at each lease, and where shells are logged to. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemEffects } from '@sallyport/effects/system';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { AwsGatewayInventory } from '../src/platform/aws/inventory/aws-gateway-inventory.ts';
import { readCatalogFile } from '../src/platform/aws/read-catalog-file.ts';
import { Spokes } from '../src/platform/aws/spokes.ts';
import { startSandbox, type RunningSandbox } from './sandbox.ts';

const node = (end: string) => `mi-0c3344556677889${end}`;
const tags = { 'jit-managed': 'true', 'jit-team': 'web', ServerType: 'bastion', 'jit-host': 'rack-1' };
const before = { ...process.env };
let sandbox: RunningSandbox;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-hybrid-'));
  const world = parse(await readFile('config/world.yaml', 'utf8'), { merge: true }) as {
    instances: object[];
    'log-groups': object[];
    buckets: object[];
  };
  const place = { account: 'workloads', region: 'eu-west-1' };
  world['log-groups'].push({ ...place, name: '/jit/plain' }, { ...place, name: '/jit/plainer' });
  world.buckets = [
    { ...place, name: 'jit-sealed' },
    { ...place, name: 'jit-plain', encrypted: false },
    { ...place, region: 'eu-central-1', name: 'jit-far' },
  ];
  const rack = (end: string, more: object) => ({
    ...{ id: node(end), account: 'workloads', region: 'eu-west-1', zone: 'eu-west-1a', name: `rack-${end}` },
    ...{ address: '10.9.0.1', online: true, ...more },
  });
  world.instances.push(
    rack('a1', { tags: { ...tags, AccessGranted: 'true' } }),
    rack('a2', { tags: { ...tags, AccessGranted: 'false' }, online: false }),
    rack('a3', { tags: { ...tags, 'jit-host': 'rack-2' } }),
  );
  await writeFile(join(folder, 'world.yaml'), stringify(world));
  const catalog = parse(await readFile('config/catalog.yaml', 'utf8')) as {
    hub: { recordings?: object };
    resources: { name: string; logs?: unknown; recording?: unknown }[];
  };
  const shell = catalog.resources.find(({ name }) => name === 'web-1-shell');
  for (const cloudWatch of ['/jit/plain', '/jit/pla'])
    catalog.resources.push({
      ...shell,
      name: `shell-${cloudWatch.slice(5)}`,
      logs: { cloudWatch },
      recording: { recorded: true, where: `CloudWatch log group ${cloudWatch}`, statement: 'What is shown.' },
    });
  for (const bucket of ['jit-sealed', 'jit-plain', 'jit-far', 'jit-none', 'jit-foreign'])
    catalog.resources.push({
      ...shell,
      name: `shell-${bucket}`,
      logs: { s3: { bucket, prefix: '' } },
      recording: { recorded: true, where: `S3 bucket ${bucket}`, statement: 'What is shown.' },
    });
  catalog.hub.recordings = {
    ...{ region: 'eu-west-1', bucket: 'jit-foreign', days: 1 },
    roles: { recorder: '/jit/R', reader: '/jit/S' },
  };
  await writeFile(join(folder, 'catalog.yaml'), stringify(catalog));
  sandbox = await startSandbox(['--world', join(folder, 'world.yaml')]);
  Object.assign(process.env, sandbox.environment);
});
afterAll(async () => {
  process.env = before;
  await sandbox?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('finds them by the tags of the selector, tells a closed one from an open one, and asks for tags once in a while', async () => {
  const { clock, timers } = systemEffects();
  let shift = 0;
  const inventory = new AwsGatewayInventory(new Spokes(readCatalogFile('config/catalog.yaml')), {
    timers,
    clock: { ...clock, now: () => clock.now() + shift },
  });
  const search = { accountId: '111122223333', region: 'eu-west-1', selector: tags, hybrid: true };
  const found = [
    { instanceId: node('a1'), state: 'online', tags: { ...tags, AccessGranted: 'true', Name: 'rack-a1' } },
    { instanceId: node('a2'), state: 'lost', tags: { ...tags, AccessGranted: 'false', Name: 'rack-a2' } },
  ];
  const trail = join(dirname(sandbox.environment['AWS_CONFIG_FILE'] ?? ''), '..', 'cloudtrail.jsonl');
  const asked = async () => (await readFile(trail, 'utf8')).split('"ListTagsForResource"').length - 1;
  for (let lease = 0; lease < 3; lease++) expect(await inventory.find(search)).toEqual(found);
  await expect.poll(asked).toBe(2);
  shift = 10_000;
  expect(await inventory.find(search)).toEqual(found);
  await expect.poll(asked).toBe(4);
});

it('sees whether the log group of a shell is there and encrypted, and looks at no other group (e5)', async () => {
  const inventory = new AwsGatewayInventory(
    new Spokes(readCatalogFile(join(folder, 'catalog.yaml'))),
    systemEffects(),
  );
  const read = (name: string, accountId = '111122223333') =>
    inventory.readLogGroup({ accountId, region: 'eu-west-1', name });
  expect(await read('/jit/shell')).toEqual({ encrypted: true });
  expect(await read('/jit/plain')).toEqual({ encrypted: false });
  // A group whose name only begins so is another one.
  expect(await read('/jit/pla')).toBeNull();
  for (const asked of [read('/jit/other'), read('/jit/shell', '444455556666')])
    await expect(asked).rejects.toMatchObject({ code: 'AWS_TARGET_UNKNOWN' });
});

it('sees whether the bucket of a shell is there and encrypted, wherever it lies, and says when S3 does not tell', async () => {
  const inventory = new AwsGatewayInventory(
    new Spokes(readCatalogFile(join(folder, 'catalog.yaml'))),
    systemEffects(),
  );
  const read = (name: string, accountId = '111122223333') =>
    inventory.readBucket({ accountId, region: 'eu-west-1', name });
  const sealed = { encrypted: true, refusal: null };
  expect([await read('jit-sealed'), await read('jit-far')]).toEqual([sealed, sealed]);
  expect(await read('jit-plain')).toEqual({ encrypted: false, refusal: null });
  expect(await read('jit-none')).toBeNull();
  expect(await read('jit-foreign')).toEqual({ encrypted: null, refusal: 'AccessDenied' });
  for (const asked of [read('jit-other'), read('jit-sealed', '444455556666')])
    await expect(asked).rejects.toMatchObject({ code: 'AWS_TARGET_UNKNOWN' });
});
