import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { client, type ClientInput, type ClientRun } from '../../../e2e/harness/client-runs.ts';
import { clientsWorld } from '../../../e2e/harness/clients-world.ts';
import { countedBytes, countedDigest } from '../../../e2e/harness/counted-bytes.ts';
import { Product } from '../../../e2e/harness/product.ts';
import { RealServers } from '../../../e2e/harness/real-servers.ts';
import { Laptop } from '../../../e2e/harness/tunnel.ts';
import { build } from '../../start/build.ts';
import { repository } from '../../start/installation.ts';
import type { Proof, ProofOutcome, ProofReport, Scale } from '../proof.ts';

/** Rows of about 120 bytes; 4.2 million are a database of 500 MB. */
const rows = { quick: 420_000, full: 4_200_000 } as const;
const megabytes = { quick: 50, full: 500 } as const;
const MB = 1_000_000;

async function run(program: string, args: readonly string[], input: ClientInput = {}): Promise<ClientRun> {
  const done = await client(program, args, input);
  if (done.code !== 0) throw new Error(`${program} ended with ${done.code}: ${done.stderr.slice(-500)}`);
  return done;
}

async function tunnelTo(laptop: Laptop, resource: string): Promise<string> {
  const opened = laptop.tunnel(['connect', resource, '--for', '30m', '--reason', 'proof', '--json']);
  await opened.until(/"port":\s*\d+/);
  return /"port":\s*(\d+)/.exec(opened.stdout)?.[1] ?? '';
}

/** Takes the time of what moves so many megabytes and words the rate. */
async function timed<T>(work: () => Promise<T>, megabytesMoved: number): Promise<{ done: T; rate: string }> {
  const begun = performance.now();
  const done = await work();
  const rate = (megabytesMoved / ((performance.now() - begun) / 1000)).toFixed(1);
  return { done, rate: `${rate} MB/s` };
}

/** pg_dump writes a random key around its text since 15.14. */
const dumpNoise = /^\\(un)?restrict .*$/gm;

async function database(
  servers: RealServers,
  port: string,
  scratch: string,
  scale: Scale,
  report: ProofReport,
): Promise<{ found: string[]; figures: string; size: number }> {
  const direct = ['-h', servers.postgresFolder, '-p', '5432', '-U', 'app'];
  const tunnelled = ['-h', '127.0.0.1', '-p', port, '-U', 'app'];
  const admin = ['-h', servers.postgresFolder, '-U', 'postgres', '-qc'];
  report.progress('filling the database');
  await run('psql', [...admin, 'create role app login createdb', 'postgres']);
  await run('psql', [...admin, 'create database app owner app', 'postgres']);
  const sql = `create table measurements as select i as id, md5(i::text) as name,
    md5((i * 7)::text) || md5((i * 13)::text) as payload, i * 0.25 as amount from generate_series(1, ${rows[scale]}) i;
    alter table measurements add primary key (id)`;
  await run('psql', [...direct, '-v', 'ON_ERROR_STOP=1', '-qc', sql, 'app']);
  const size = Number((await run('psql', [...direct, '-Atc', "select pg_database_size('app')", 'app'])).head);
  const archive = join(scratch, 'app.dump');
  report.progress('pg_dump through the tunnel');
  const dump = await timed(
    () => run('pg_dump', [...tunnelled, '-Fc', '-Z', '0', '-f', archive, 'app']),
    size / MB,
  );
  report.progress('pg_restore through the tunnel');
  await run('psql', [...tunnelled, '-qc', 'create database restored', 'app']);
  const restore = await timed(
    () => run('pg_restore', [...tunnelled, '-j', '2', '--no-owner', '-d', 'restored', archive]),
    size / MB,
  );
  report.progress('comparing');
  const plain = (name: string) => run('pg_dump', [...direct, '--no-owner', name], { leaveOut: dumpNoise });
  const [before, after] = [await plain('app'), await plain('restored')];
  return {
    found:
      before.sha256 === after.sha256 ? [] : ['the restored database differs from the one that was dumped'],
    figures: `pg_dump ${dump.rate}, pg_restore ${restore.rate}`,
    size,
  };
}

async function files(
  port: string,
  scale: Scale,
  report: ProofReport,
): Promise<{ found: string[]; figures: string }> {
  const length = megabytes[scale] * MB;
  const url = `http://127.0.0.1:${port}`;
  report.progress('curl, down');
  const down = await timed(() => run('curl', ['-sSf', `${url}/${length}`]), megabytes[scale]);
  report.progress('curl, up');
  const up = await timed(
    () => run('curl', ['-sSf', '-T', '-', `${url}/upload`], { input: countedBytes(length) }),
    megabytes[scale],
  );
  const wanted = countedDigest(length);
  return {
    found: [
      ...(down.done.sha256 === wanted ? [] : ['what curl downloaded differs']),
      ...(up.done.head === wanted ? [] : ['what curl uploaded differs']),
    ],
    figures: `curl ${down.rate} down, ${up.rate} up`,
  };
}

async function prove(scale: Scale, report: ProofReport): Promise<ProofOutcome> {
  report.progress('building');
  await build(repository);
  const scratch = mkdtempSync(join(tmpdir(), 'sallyport-proof-'));
  const servers = await RealServers.start();
  let product: Product | undefined;
  let laptop: Laptop | undefined;
  try {
    product = await Product.start(clientsWorld(servers));
    laptop = await Laptop.signedIn(product, 'engineer');
    const sql = await database(servers, await tunnelTo(laptop, 'test-pg15'), scratch, scale, report);
    const http = await files(await tunnelTo(laptop, 'test-files'), scale, report);
    return {
      amount: `a database of ${Math.round(sql.size / MB)} MB out and in, ${megabytes[scale]} MB of HTTP each way`,
      found: [...sql.found, ...http.found],
      figures: `${sql.figures}; ${http.figures}`,
    };
  } finally {
    await laptop?.remove();
    await product?.remove();
    await servers.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

export const realClients: Proof = {
  name: 'real-clients',
  shows: 'pg_dump, pg_restore and curl carry half a gigabyte each way through a tunnel unchanged, by SHA-256',
  run: prove,
};
