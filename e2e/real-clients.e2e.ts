import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { find } from '../tools/test/programs.ts';
import { client } from './harness/client-runs.ts';
import { clientsWorld } from './harness/clients-world.ts';
import { countedBytes, countedDigest } from './harness/counted-bytes.ts';
import { Product } from './harness/product.ts';
import { RealServers } from './harness/real-servers.ts';
import { Laptop } from './harness/tunnel.ts';

/** People's own programs against servers as Debian ships them: what goes through the tunnel is what a direct connection gives. */
const MiB = 1024 * 1024;
let servers: RealServers;
let product: Product;
let laptop: Laptop;
let scratch: string | undefined;
const ports: Record<string, number> = {};

async function tunnelTo(resource: string): Promise<void> {
  const run = laptop.tunnel(['connect', resource, '--for', '30m', '--reason', 'real clients', '--json']);
  await run.until(/"port":\s*\d+/);
  ports[resource] = Number(/"port":\s*(\d+)/.exec(run.stdout)?.[1]);
}

const missing = (
  ['psql', 'postgresql-15', 'mariadbd', 'mariadb', 'redis-server', 'redis-cli', 'curl', 'aws'] as const
).filter((program) => find(program) === undefined);
const able = missing.length === 0;

beforeAll(async () => {
  if (!able) return;
  scratch = mkdtempSync(join(tmpdir(), 'sallyport-clients-'));
  servers = await RealServers.start();
  const filling = fill();
  product = await Product.start(clientsWorld(servers));
  laptop = await Laptop.signedIn(product, 'engineer');
  await Promise.all(['test-pg15', 'test-mariadb', 'test-redis', 'test-files'].map(tunnelTo));
  await filling;
});
afterAll(async () => {
  await laptop?.remove();
  await product?.remove();
  await servers?.stop();
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

const direct = () => ['-h', servers.postgresFolder, '-p', '5432', '-U', 'app'];
const tunnelled = () => ['-h', '127.0.0.1', '-p', String(ports['test-pg15']), '-U', 'app'];

/** Databases of the size that the product is judged by: 50 MB in PostgreSQL, a third of it in MariaDB. */
async function fill(): Promise<void> {
  const admin = ['-h', servers.postgresFolder, '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-qc'];
  for (const [database, sql] of [
    ['postgres', 'create role app login createdb'],
    ['postgres', 'create database app owner app'],
  ] as const)
    await ok(client('psql', [...admin, sql, database]));
  const rows = `create table measurements as select i as id, md5(i::text) as name,
      md5((i * 7)::text) || md5((i * 13)::text) as payload, i * 0.25 as amount from generate_series(1, 420000) i;
    alter table measurements add primary key (id); create table empty_one (id int); create view sums as
    select count(*) as n, sum(amount) as total from measurements;`;
  await ok(client('psql', [...direct(), '-v', 'ON_ERROR_STOP=1', '-qc', rows, 'app']));
  const maria = `create table measurements (id int primary key, name char(32), payload varchar(200));
    insert into measurements select seq, md5(seq), concat(md5(seq * 7), md5(seq * 13)) from seq_1_to_100000;`;
  await ok(
    client('mariadb', ['--no-defaults', `--socket=${servers.sockets.mariadb}`, '-uapp', 'app', '-e', maria]),
  );
}

async function ok<T extends { code: number; stderr: string }>(run: Promise<T>): Promise<T> {
  const done = await run;
  expect(done.code, done.stderr).toBe(0);
  return done;
}

/** pg_dump writes a random key around its text since 15.14. */
const dumpNoise = /^\\(un)?restrict .*$/gm;

describe.skipIf(!able)('PostgreSQL 15', () => {
  it('psql copies a table down and another up, byte for byte', async () => {
    const down = ['-qc', '\\copy (select * from measurements order by id) to stdout', 'app'];
    const [there, here] = [
      await ok(client('psql', [...direct(), ...down])),
      await ok(client('psql', [...tunnelled(), ...down])),
    ];
    expect(here.bytes).toBeGreaterThan(40 * MiB);
    expect(here.sha256).toBe(there.sha256);

    const file = join(scratch!, 'rows.copy');
    await ok(
      client('psql', [
        ...direct(),
        '-qc',
        `\\copy (select * from measurements order by id) to '${file}'`,
        'app',
      ]),
    );
    await ok(client('psql', [...tunnelled(), '-qc', 'create table copied (like measurements)', 'app']));
    await ok(
      client('psql', [...tunnelled(), '-qc', '\\copy copied from stdin', 'app'], {
        input: createReadStream(file),
      }),
    );
    const back = ['-qc', '\\copy (select * from copied order by id) to stdout', 'app'];
    expect((await ok(client('psql', [...direct(), ...back]))).sha256).toBe(there.sha256);
    await ok(client('psql', [...direct(), '-qc', 'drop table copied', 'app']));
  });

  it('pg_dump and pg_restore carry a database of 50 MB out and in again', async () => {
    const size = await ok(client('psql', [...direct(), '-Atc', "select pg_database_size('app')", 'app']));
    expect(Number(size.head)).toBeGreaterThan(50 * 1000 * 1000);
    const plain = (connection: string[], database: string) =>
      ok(client('pg_dump', [...connection, '--no-owner', database], { leaveOut: dumpNoise }));
    const reference = await plain(direct(), 'app');

    const archive = join(scratch!, 'app.dump');
    await ok(client('pg_dump', [...tunnelled(), '-Fc', '-Z', '0', '-f', archive, 'app']));
    await ok(client('psql', [...tunnelled(), '-qc', 'create database restored', 'app']));
    // Two connections side by side, as somebody in a hurry has it.
    await ok(client('pg_restore', [...tunnelled(), '-j', '2', '--no-owner', '-d', 'restored', archive]));
    expect((await plain(direct(), 'restored')).sha256).toBe(reference.sha256);
  });
});

describe.skipIf(!able)('MariaDB', () => {
  const unix = () => ['--no-defaults', `--socket=${servers.sockets.mariadb}`, '-uapp'];
  const tcp = () => [
    '--no-defaults',
    '--protocol=tcp',
    '--host=127.0.0.1',
    `--port=${ports['test-mariadb']}`,
    '-uapp',
  ];

  it('its client reads a table and loads one, byte for byte', async () => {
    const query = ['--batch', '--quick', 'app', '-e', 'select * from measurements order by id'];
    const there = await ok(client('mariadb', [...unix(), ...query]));
    const here = await ok(client('mariadb', [...tcp(), ...query]));
    expect(here.bytes).toBeGreaterThan(9 * MiB);
    expect(here.sha256).toBe(there.sha256);

    const statements = function* () {
      yield Buffer.from('create table loaded (id int primary key, bytes varchar(4000));\n');
      for (let id = 1; id <= 2000; id += 1)
        yield Buffer.from(
          `insert into loaded values (${id}, repeat('${id}-', 10)), (${-id}, '${'x'.repeat(3900)}');\n`,
        );
    };
    await ok(client('mariadb', [...tcp(), 'app'], { input: statements() }));
    const sum = 'select count(*), sum(id), sum(length(bytes)), sum(crc32(bytes)) from loaded';
    const [before, after] = [
      await ok(client('mariadb', [...unix(), '-N', '--batch', 'app', '-e', sum])),
      await ok(client('mariadb', [...tcp(), '-N', '--batch', 'app', '-e', sum])),
    ];
    expect(before.head).toMatch(/^4000\t0\t/);
    expect(after.head).toBe(before.head);
  });
});

const unix = () => ['-s', servers.sockets.redis];
describe.skipIf(!able)('Redis', () => {
  const tcp = () => ['-h', '127.0.0.1', '-p', String(ports['test-redis'])];

  it('redis-cli sets a value of 20 MB, reads it, and pipes many keys', async () => {
    const length = 20 * MiB;
    await ok(client('redis-cli', [...tcp(), '-x', 'set', 'big'], { input: countedBytes(length) }));
    const read = ['--raw', 'get', 'big'];
    const there = await ok(client('redis-cli', [...unix(), ...read]));
    const here = await ok(client('redis-cli', [...tcp(), ...read]));
    // redis-cli ends what it prints with a line feed.
    expect(there.bytes).toBe(length + 1);
    expect(here.sha256).toBe(there.sha256);

    const commands = function* () {
      for (let n = 0; n < 20_000; n += 1) yield Buffer.from(`SET key:${n} value-${n}-${n * n}\r\n`);
    };
    const piped = await ok(client('redis-cli', [...tcp(), '--pipe'], { input: commands() }));
    expect(piped.head).toContain('errors: 0, replies: 20000');
    expect((await ok(client('redis-cli', [...unix(), 'get', 'key:19999']))).head.trim()).toBe(
      `value-19999-${19_999 * 19_999}`,
    );
  });
});

describe.skipIf(!able)('what `tunnel env` prints', () => {
  /** A program in a shell that took the lines as a person's does; nothing else says where to connect. */
  const after = (resource: string, command: string) =>
    ok(
      client('sh', ['-c', `set -e; lines=$("$NODE" "$TUNNEL" env ${resource}); eval "$lines"; ${command}`], {
        environment: {
          ...(laptop.env as Record<string, string>),
          NODE: process.execPath,
          TUNNEL: join(repository, 'apps/cli/bin/run.js'),
        },
      }),
    );

  it('is all that psql, mariadb and redis-cli need', async () => {
    const count = 'select count(*) from measurements';
    expect((await after('test-pg15', `exec psql -Atc '${count}'`)).head.trim()).toBe('420000');
    expect((await after('test-mariadb', `exec mariadb -N --batch -e '${count}'`)).head.trim()).toBe('100000');
    await ok(client('redis-cli', [...unix(), 'set', 'told', 'by env']));
    expect((await after('test-redis', 'exec redis-cli -u "$REDIS_URL" get told')).head.trim()).toBe('by env');
  });
});

describe.skipIf(!able)('HTTP', () => {
  it('curl downloads, uploads, and fetches several files at once', async () => {
    const url = `http://127.0.0.1:${ports['test-files']}`;
    const length = 25 * MiB;
    const down = await ok(client('curl', ['-sSf', `${url}/${length}`]));
    expect(down.sha256).toBe(countedDigest(length));
    const up = await ok(
      client('curl', ['-sSf', '-T', '-', `${url}/upload`], { input: countedBytes(length) }),
    );
    expect(up.head).toBe(countedDigest(length));
    const several = [1, 2, 3, 4].map((n) => n * MiB);
    await ok(
      client('curl', [
        '-sSf',
        '--parallel',
        ...several.flatMap((n) => ['-o', join(scratch!, `file-${n}`), `${url}/${n}`]),
      ]),
    );
    for (const n of several) {
      const { sha256 } = await ok(client('cat', [join(scratch!, `file-${n}`)]));
      expect(sha256).toBe(countedDigest(n));
    }
  });
});

describe.skipIf(!able)('the AWS CLI', () => {
  it('asks who it is, with keys of the sandbox', async () => {
    const { principals } = product.principals();
    const operator = principals.find(({ name }) => name === 'operator')!;
    const run = await ok(
      client(
        'aws',
        [
          '--endpoint-url',
          product.installation.awsEndpoint,
          'sts',
          'get-caller-identity',
          '--query',
          'Arn',
          '--output',
          'text',
        ],
        {
          environment: {
            AWS_ACCESS_KEY_ID: operator.accessKeyId,
            AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
            AWS_DEFAULT_REGION: product.installation.region,
            AWS_EC2_METADATA_DISABLED: 'true',
            AWS_PAGER: '',
          },
        },
      ),
    );
    expect(run.head.trim()).toBe(operator.arn);
  });
});
