import { readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Sha256 } from '@aws-crypto/sha256-js';
import { StartSessionCommand } from '@aws-sdk/client-ssm';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openChannel, signedHeaders, SmallTunnel } from './rig/channel-client.ts';
import { bastion, region, RunningSandbox, type Keys } from './rig/running-sandbox.ts';
import { iamDatabase, writeIamWorld } from './world/iam-world.ts';

vi.setConfig({ testTimeout: 60_000 });
const { folder, worldFile } = writeIamWorld();
let cloud: RunningSandbox;
let tunnel: SmallTunnel;
let port: number;
let keys: Keys;
beforeAll(async () => {
  cloud = await RunningSandbox.start({ worldFile, databases: true });
  await cloud.sandbox.databasesReady;
  keys = await cloud.lease('test-iam');
  const start = new StartSessionCommand({ Target: bastion, DocumentName: cloud.documentOf('test-iam') });
  const { StreamUrl, TokenValue } = await cloud.ssm(keys).send(start);
  tunnel = new SmallTunnel(await openChannel(StreamUrl!, await signedHeaders(StreamUrl!, keys)), TokenValue!);
  port = await tunnel.listen();
});
afterAll(async () => {
  await tunnel[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface TokenParts {
  readonly host?: string;
  readonly user?: string;
  readonly service?: string;
  readonly seconds?: number;
  readonly keys?: Keys;
}

/** A token as AWS documents it: a presigned GET without its scheme. */
async function token(parts: TokenParts = {}): Promise<string> {
  const host = parts.host ?? `${iamDatabase.host}:${iamDatabase.port}`;
  const signer = new SignatureV4({
    service: parts.service ?? 'rds-db',
    region,
    sha256: Sha256,
    credentials: parts.keys ?? keys,
    applyChecksum: false,
  });
  const request = new HttpRequest({
    method: 'GET',
    path: '/',
    headers: { host },
    query: { Action: 'connect', DBUser: parts.user ?? iamDatabase.role },
  });
  const { query } = await signer.presign(request, { expiresIn: parts.seconds ?? 900 });
  const text = Object.entries(query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return `${host}/?${text.join('&')}`;
}

function signIn(password: string, options: { servername?: string; user?: string } = {}): Client {
  const ca = readFileSync(join(cloud.dataDir, 'sandbox/rds/ca.pem'), 'utf8');
  return new Client({
    host: '127.0.0.1',
    port,
    user: options.user ?? iamDatabase.role,
    database: iamDatabase.name,
    password,
    ssl: { ca, servername: options.servername ?? iamDatabase.host },
  });
}

async function refused(
  password: string,
  options: { servername?: string; user?: string } = {},
): Promise<Error> {
  const client = signIn(password, options);
  client.on('error', () => undefined);
  return client.connect().then(
    () => {
      throw new Error('it was let in');
    },
    (error: Error) => error,
  );
}

describe('a database that signs people in by IAM', () => {
  it('takes a token of the lease for its own endpoint over verified TLS, and reads as the role (c5)', async () => {
    const client = signIn(await token());
    await client.connect();
    const { rows } = await client.query(
      'select current_user as role, (select count(*) from orders)::int as n',
    );
    expect(rows).toEqual([{ role: 'jit_reader', n: expect.any(Number) as number }]);
    await expect(client.query('delete from orders')).rejects.toThrow(/read-only/);
    await client.end();
  });

  it('proves itself by the name of its endpoint, and by no other', async () => {
    expect(await refused(await token(), { servername: 'localhost' })).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it.each<[string, () => Promise<string>]>([
    ['a word', async () => 'secret'],
    ['nothing', async () => ''],
    ['a token for the local end of the tunnel', () => token({ host: `127.0.0.1:${port}` })],
    ['a token for another port', () => token({ host: `${iamDatabase.host}:5433` })],
    ['a token for another user', () => token({ user: 'jit_writer' })],
    ['a token that is good for an hour', () => token({ seconds: 3600 })],
    ['a token for another service', () => token({ service: 'rds' })],
    ['a changed token', async () => (await token()).replace(/Signature=..../, 'Signature=0000')],
    ['a token of somebody without the permission', () => token({ keys: cloud.key('operator') })],
    ['a token of a lease for another resource', async () => token({ keys: await cloud.lease('prod-rds') })],
  ])('refuses %s', async (_what, password) => {
    expect(await refused(await password())).toMatchObject({
      code: '28P01',
      message: 'PAM authentication failed for user "jit_reader"',
    });
  });

  it('refuses a user that the token is not for', async () => {
    expect(await refused(await token(), { user: 'app_ro' })).toMatchObject({ code: '28P01' });
  });

  it('refuses who comes without TLS', async () => {
    const client = new Client({
      host: '127.0.0.1',
      port,
      user: 'jit_reader',
      password: 'x',
      database: 'shop',
    });
    await expect(client.connect()).rejects.toMatchObject({ code: '28000' });
  });

  it('cuts who does not speak the protocol', async () => {
    const socket: Socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(Buffer.alloc(64, 0xff));
    await closed;
  });
});
