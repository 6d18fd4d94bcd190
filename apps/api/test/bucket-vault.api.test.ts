/** Recordings in a bucket with object lock, over real signatures of AWS, each principal with its own role. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { systemEffects } from '@sallyport/effects/system';
import { fromIni } from '@aws-sdk/credential-providers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArrivingBodies } from '../src/platform/recordings/arriving-bodies.ts';
import { BucketVault } from '../src/platform/recordings/bucket-vault.ts';
import { ObjectCalls, refusalName } from '../src/platform/aws/object-calls.ts';
import { startSandbox, type RunningSandbox } from './sandbox.ts';

const mib = 1024 * 1024;
const dayMs = 86_400_000;
const effects = systemEffects();
const before = { ...process.env };
let sandbox: RunningSandbox;
let folder: string;

/** The committed world with a bucket of recordings, one that is not locked, and somebody who may do everything in S3. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-bucket-'));
  const config = (name: string) => readFile(`config/${name}.yaml`, 'utf8');
  const recordings = `  recordings:
    region: eu-west-1
    bucket: jit-recordings
    days: 30
    roles: { recorder: /jit/JitHubRecorder, reader: /jit/JitHubReader }
`;
  await writeFile(
    join(folder, 'catalog.yaml'),
    (await config('catalog')).replace('  signing:\n', `${recordings}  signing:\n`),
  );
  const everything = `{ Version: '2012-10-17', Statement: [{ Effect: Allow, Action: 's3:*', Resource: '*' }] }`;
  const world = (await config('world')).replace(
    'principals:\n',
    `buckets:
  - { account: workloads, region: eu-west-1, name: unlocked }
  - { account: workloads, region: eu-west-1, name: locked, lock-days: 30 }
principals:
  - { name: recorder, role: hub.recorder }
  - { name: reader, role: hub.reader }
  - name: owner
    user: { account: workloads, name: owner }
    policy: ${everything}
`,
  );
  const file = join(folder, 'world.yaml');
  await writeFile(file, world);
  sandbox = await startSandbox(['--world', file]);
  Object.assign(process.env, sandbox.environment);
});
afterAll(async () => {
  process.env = before;
  await sandbox?.stop();
  await rm(folder, { recursive: true, force: true });
});

const calls = (
  profile: string,
  bucket = 'jit-recordings',
  region = 'eu-west-1',
  own: Pick<Effects, 'clock'> = effects,
) => new ObjectCalls(fromIni({ profile: `sallyport-${profile}` }), { region, bucket }, sandbox.endpoint, own);
const arrivingIn = () => join(folder, 'arriving');
const vault = (parts: Partial<{ recorder: ObjectCalls; reader: ObjectCalls }> = {}, days = 30) =>
  new BucketVault(
    { days },
    {
      arriving: new ArrivingBodies(arrivingIn(), effects),
      recorder: calls('recorder'),
      reader: calls('reader'),
      ...parts,
    },
  );

const promiseOf = (body: Uint8Array) => ({
  bytes: body.length,
  sha256: createHash('sha256').update(body).digest('hex'),
});
async function* sent(body: Uint8Array) {
  for (let at = 0; at < body.length; at += mib) yield body.subarray(at, at + mib);
}
const whole = async (stream: Readable) => Buffer.concat((await stream.toArray()) as Buffer[]);
/** One call, and by what name it is refused; `200` and the like where it is not. */
const outcome = async (answer: IncomingMessage) =>
  (answer.statusCode ?? 0) < 300 ? String(answer.statusCode) : refusalName(answer);
const put = (of: ObjectCalls, key: string, body: Uint8Array, headers: Record<string, string>) =>
  of.send({
    method: 'PUT',
    key,
    headers: { 'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'), ...headers },
    body: { stream: Readable.from([body]), ...promiseOf(body) },
  });
const onlyFirst = { 'if-none-match': '*' };

describe('a bucket of recordings', () => {
  it('keeps a body of several chunks and gives the same bytes back, locked for the days of the catalogue', async () => {
    const id = randomUUID();
    const body = Buffer.alloc(5 * mib + 7, 'recorded');
    await vault().keep(id, sent(body), promiseOf(body));
    expect(await readdir(arrivingIn())).toEqual([]);
    const read = await vault().read(id);
    expect(read.bytes).toBe(body.length);
    expect((await whole(read.body)).equals(body)).toBe(true);
    const seen = await calls('reader').send({ method: 'HEAD', key: `recordings/${id}.cast.age` });
    seen.resume();
    expect(seen.headers['x-amz-object-lock-mode']).toBe('COMPLIANCE');
    const until = Date.parse(String(seen.headers['x-amz-object-lock-retain-until-date']));
    expect(until - Date.parse(String(seen.headers['last-modified']))).toBeGreaterThanOrEqual(30 * dayMs);
  });

  it('takes the same once more, and never another one in its place', async () => {
    const id = randomUUID();
    const body = Buffer.from('what was shown');
    await vault().keep(id, sent(body), promiseOf(body));
    await vault().keep(id, sent(body), promiseOf(body));
    const other = Buffer.from('what was not');
    await expect(vault().keep(id, sent(other), promiseOf(other))).rejects.toMatchObject({
      code: 'RECORDING_ALREADY_STORED',
    });
    expect(String(await whole((await vault().read(id)).body))).toBe('what was shown');
    expect(await readdir(arrivingIn())).toEqual([]);
  });

  it('puts nothing of a body that is not what was promised', async () => {
    const id = randomUUID();
    const body = Buffer.from('promised');
    await expect(vault().keep(id, sent(Buffer.from('provided')), promiseOf(body))).rejects.toMatchObject({
      code: 'RECORDING_DIGEST_MISMATCH',
    });
    expect(await vault().remove(id)).toBe(true);
    expect(await readdir(arrivingIn())).toEqual([]);
  });

  it("is refused unless it is locked, in the catalogue's mode and for its days", async () => {
    const body = Buffer.from('x');
    const keep = (parts: Parameters<typeof vault>) =>
      vault(...parts).keep(randomUUID(), sent(body), promiseOf(body));
    await expect(keep([{}, 31])).rejects.toMatchObject({ code: 'RECORDING_STORE_UNLOCKED' });
    await expect(keep([{ reader: calls('owner', 'unlocked') }])).rejects.toMatchObject({
      code: 'RECORDING_STORE_UNLOCKED',
    });
    for (const reader of [
      calls('reader', 'nowhere'),
      calls('recorder'),
      calls('reader', 'jit-recordings', 'us-east-1'),
    ])
      await expect(keep([{ reader }])).rejects.toMatchObject({ code: 'RECORDING_STORE_UNAVAILABLE' });
    expect(await readdir(arrivingIn())).toEqual([]);
  });
});

describe('of a stored recording', () => {
  const key = `recordings/${randomUUID()}.cast.age`;
  const body = Buffer.from('a sealed text');
  beforeAll(async () => {
    expect(await outcome(await put(calls('recorder'), key, body, onlyFirst))).toBe('200');
  });

  it.each<[who: string, what: string, call: () => Promise<IncomingMessage>, name: string]>([
    [
      'the recorder',
      'puts another over it',
      () => put(calls('recorder'), key, Buffer.from('y'), onlyFirst),
      'PreconditionFailed',
    ],
    [
      'the recorder',
      'puts without asking what lies there',
      () => put(calls('recorder'), key, body, {}),
      'AccessDenied',
    ],
    [
      'the recorder',
      'puts elsewhere',
      () => put(calls('recorder'), 'other/x', body, onlyFirst),
      'AccessDenied',
    ],
    ['the recorder', 'reads it', () => calls('recorder').send({ method: 'GET', key }), 'AccessDenied'],
    ['the reader', 'puts one', () => put(calls('reader'), `${key}2`, body, onlyFirst), 'AccessDenied'],
    [
      'the recorder',
      'puts what has another digest',
      () => put(calls('recorder'), `${key}3`, body, { ...onlyFirst, 'x-amz-checksum-sha256': 'AAAA' }),
      'BadDigest',
    ],
    [
      'the recorder',
      'puts without a digest for the lock',
      () => put(calls('recorder'), `${key}4`, body, { ...onlyFirst, 'x-amz-checksum-sha256': '' }),
      'BadDigest',
    ],
    ['an issuer', 'reads it', () => calls('issuer').send({ method: 'GET', key }), 'AccessDenied'],
  ])('%s who %s is refused', async (_who, _what, call, name) => {
    expect(await outcome(await call())).toBe(name);
  });

  it('is removed by the bucket when its days are over, and not before', async () => {
    const id = randomUUID();
    await vault().keep(id, sent(body), promiseOf(body));
    expect(await vault().remove(id)).toBe(false);
    try {
      await sandbox.offsetClock((31 * dayMs) / 1000);
      const later = { clock: { ...effects.clock, now: () => effects.clock.now() + 31 * dayMs } };
      expect(await vault({ reader: calls('reader', 'jit-recordings', 'eu-west-1', later) }).remove(id)).toBe(
        true,
      );
    } finally {
      await sandbox.offsetClock(0);
    }
  });
});

it('who may do everything in S3 removes no version from a locked bucket, and changes none', async () => {
  const [key, owner] = [`recordings/${randomUUID()}.cast.age`, calls('owner', 'locked')];
  const stored = await put(owner, key, Buffer.from('the first'), {});
  stored.resume();
  const versionId = String(stored.headers['x-amz-version-id']);
  expect(await outcome(await owner.send({ method: 'DELETE', key, query: { versionId } }))).toBe(
    'AccessDenied',
  );
  // What can be done is to lay something over it, or to hide it; the version stays.
  expect(await outcome(await put(owner, key, Buffer.from('the second'), {}))).toBe('200');
  expect(await outcome(await owner.send({ method: 'DELETE', key }))).toBe('204');
  expect(await outcome(await owner.send({ method: 'GET', key }))).toBe('NoSuchKey');
  const first = await owner.send({ method: 'GET', key, query: { versionId } });
  expect(String(await whole(first))).toBe('the first');
  for (const who of ['recorder', 'reader']) {
    const answer = await calls(who).send({ method: 'DELETE', key, query: { versionId } });
    expect(await outcome(answer)).toBe('AccessDenied');
  }
});
