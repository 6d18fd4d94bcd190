/** The signer as a process of its own, signing by KMS of the sandbox: over real signatures of AWS, with its own role. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemEffects } from '@sallyport/effects/system';
import {
  generateKeyPair,
  thumbprint,
  trust,
  verifyAgentToken,
  verifyKeySet,
  verifyRouteGrant,
} from '@sallyport/grant-token';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { profileCredentials } from '../src/platform/aws/client-settings.ts';
import { PrincipalSocket } from '../src/platform/aws/process/remote-principal.ts';
import { readCatalogFile } from '../src/platform/aws/read-catalog-file.ts';
import { AwsRefusal, SignedCalls, type Answered } from '../src/platform/aws/signed-call.ts';
import { KeyFolder } from '../src/platform/signer/key-folder.ts';
import { KmsKeys } from '../src/platform/signer/kms-keys.ts';
import { RemoteSigner } from '../src/platform/signer/remote-signer.ts';
import type { SigningKeySet } from '../src/platform/signer/signer.ts';
import { startSandbox, type RunningSandbox } from './sandbox.ts';

let sandbox: RunningSandbox;
let folder: string;
let twoKeys: { catalog: string; world: string };
const before = { ...process.env };
const effects = systemEffects();
const main = fileURLToPath(new URL('../src/signer-main.ts', import.meta.url));
const config = (name: string) => readFile(`config/${name}.yaml`, 'utf8');

/** The committed world with a further key, which a rotation goes to. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-kms-'));
  twoKeys = { catalog: join(folder, 'catalog.yaml'), world: join(folder, 'world.yaml') };
  await writeFile(
    twoKeys.catalog,
    (await config('catalog')).replace('keys: [first]', 'keys: [first, second]'),
  );
  await writeFile(twoKeys.world, await config('world'));
  sandbox = await startSandbox(['--world', twoKeys.world]);
  Object.assign(process.env, sandbox.environment);
});
afterAll(async () => {
  process.env = before;
  await sandbox?.stop();
  await rm(folder, { recursive: true, force: true });
});

const environment = (more: Record<string, string> = {}) => ({
  ...process.env,
  SALLYPORT_CATALOG: twoKeys.catalog,
  SALLYPORT_LOG_LEVEL: 'silent',
  ...more,
});
const run = (args: readonly string[], env = environment()) =>
  promisify(execFile)(process.execPath, ['--conditions=development', main, ...args], { env });

async function started(keys: string) {
  const path = join(folder, 'signer.sock');
  const child = spawn(
    process.execPath,
    ['--conditions=development', main, '--keys', keys, '--socket', path, '--kms'],
    { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const gone = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    signer: new RemoteSigner(new PrincipalSocket(path, effects.timers)),
    ready: JSON.parse(line) as SigningKeySet,
    reload: () => child.kill('SIGHUP'),
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

const order = {
  ...{ resource: 'prod-vpc', grantId: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y' },
  ...{ personId: 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y', jti: 'tok_1', endsAt: Date.now() + 3_600_000 },
};
const network = {
  routes: [{ cidr: '10.0.3.0/24', ports: [[5432, 5432] as [number, number]], proto: 'tcp' as const }],
  suffixes: ['internal'],
};

it('signs what agents and helpers obey with a key that never leaves KMS, and rotates to the next one', async () => {
  const keys = join(folder, 'keys');
  const process = await started(keys);
  const { signer, ready } = process;
  try {
    const { publicKey: holder } = await generateKeyPair();
    const jkt = await thumbprint(holder);
    const known = { keys: await trust(ready.keys), issuer: ready.issuer };
    const { token } = await signer.signAgentToken({ ...order, agentId: 'agt_1', jkt, network });
    const facts = { ...known, agentId: 'agt_1', holder, now: Date.now() };
    expect(await verifyAgentToken(token, facts)).toMatchObject({ aud: 'agt_1', sub: order.grantId });
    const grant = await signer.signRouteGrant({ ...order, network });
    expect(await verifyRouteGrant(grant.token, { ...known, now: Date.now() })).toMatchObject({
      suffixes: ['internal'],
    });
    // What lies on this disk is public: no file but the state, and no private member in it.
    expect(await readdir(keys)).toEqual(['state.json']);
    expect(await readFile(join(keys, 'state.json'), 'utf8')).not.toMatch(/"d":/);

    await run(['rotate', '--keys', keys, '--kms', '--overlap', '0']);
    process.reload();
    await expect.poll(async () => (await signer.keys()).serial).toBe(2);
    const set = await signer.keys();
    const followed = await verifyKeySet(set.keySet ?? '', { ...known, serial: 1 });
    const next = await signer.signAgentToken({ ...order, agentId: 'agt_1', jkt, network });
    expect(next.kid).not.toBe(ready.keys[0]?.kid);
    await verifyAgentToken(next.token, { ...facts, keys: followed.keys });
    await expect(verifyAgentToken(next.token, facts)).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_KEY_UNKNOWN',
    });
    // The catalogue names no third key.
    await expect(run(['rotate', '--keys', keys, '--kms'])).rejects.toMatchObject({
      stderr: expect.stringContaining('SIGNER_KEYS_UNSAFE') as string,
    });
    // The same after a new start: nothing but the state is needed.
    await process.stop();
    const again = await started(keys);
    expect(again.ready).toMatchObject({ issuer: ready.issuer, serial: 2, keySet: set.keySet });
    await again.stop();
  } finally {
    await process.stop();
  }
});

describe('refused is', () => {
  const signing = () => {
    const found = readCatalogFile(twoKeys.catalog).hub.signing;
    if (!found) throw new Error('no signing keys');
    return found;
  };
  const calls = (profile: 'signer' | 'issuer' = 'signer') =>
    new SignedCalls(profileCredentials(profile), sandbox.endpoint, effects);
  const open = (name: string, keys = new KmsKeys(signing(), calls())) =>
    KeyFolder.open(join(folder, name), Date.now(), keys);

  it('a message of more than 4,096 bytes, before KMS is asked', async () => {
    const signer = (await open('large')).signer(Date.now());
    await expect(signer.sign(new Uint8Array(4097))).rejects.toMatchObject({ code: 'SIGNER_REFUSED' });
    await expect(signer.sign(new Uint8Array(4096))).resolves.toHaveLength(64);
  });

  it('an alias that leads to another key than the published one', async () => {
    const { keys } = signing();
    const [first, second] = keys;
    if (!first || !second) throw new Error('two keys');
    await open('moved');
    const moved = { ...signing(), keys: [{ ...first, aliasArn: second.aliasArn }, second] };
    await expect(open('moved', new KmsKeys(moved, calls()))).rejects.toMatchObject({
      code: 'SIGNER_KEYS_UNSAFE',
    });
  });

  it('file keys with real AWS', async () => {
    const live = environment({ SALLYPORT_AWS: 'live', AWS_ENDPOINT_URL: '' });
    await expect(
      run(['--keys', join(folder, 'files'), '--socket', join(folder, 'x.sock')], live),
    ).rejects.toMatchObject({ stderr: expect.stringContaining('CONFIGURATION_UNSAFE') as string });
  });

  it('another principal', async () => {
    await expect(open('foreign', new KmsKeys(signing(), calls('issuer')))).rejects.toMatchObject({
      code: 'AWS_DENIED',
    });
  });

  const refusalOf = ({ body, status }: Answered) => {
    const { __type: name, message } = JSON.parse(body) as { __type: string; message: string };
    return new AwsRefusal(name, message, status);
  };
  it.each<[string, object, string]>([
    ['a digest', { MessageType: 'DIGEST' }, 'AccessDeniedException'],
    ['Ed25519ph', { SigningAlgorithm: 'ED25519_PH_SHA_512', MessageType: 'DIGEST' }, 'AccessDeniedException'],
    ['ECDSA', { SigningAlgorithm: 'ECDSA_SHA_256' }, 'AccessDeniedException'],
    ['a key by no alias of ours', { KeyId: 'alias/sallyport-signing-third' }, 'AccessDeniedException'],
    ['too long a message', { Message: Buffer.alloc(4097).toString('base64') }, 'ValidationException'],
  ])('by KMS, to the role of the signer, %s', async (_, but, name) => {
    const body = JSON.stringify({
      ...{ KeyId: signing().keys[0]?.aliasArn, Message: 'aGk=', MessageType: 'RAW' },
      ...{ SigningAlgorithm: 'ED25519_SHA_512', ...but },
    });
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'TrentService.Sign',
    };
    const asked = { service: 'kms', region: 'eu-west-1', headers, body, attempts: 1 };
    await expect(calls().send(asked, refusalOf)).rejects.toMatchObject({
      code: 'AWS_DENIED',
      cause: { name },
    });
  });
});
