import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import pg from 'pg';
import {
  debianBinaries,
  embeddedBinaries,
  startPostgres,
  type Binaries,
  type PostgresCluster,
} from './index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sallyport-test-'));
  await chmod(path, 0o700);
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function started(options: Parameters<typeof startPostgres>[0]): Promise<PostgresCluster> {
  const cluster = await startPostgres(options);
  cleanups.push(() => cluster.stop());
  return cluster;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

const found: { name: string; binaries: Binaries }[] = [
  { name: 'embedded', binaries: await embeddedBinaries() },
];
const debian = debianBinaries();
if (debian) found.push({ name: 'Debian 15', binaries: debian });

describe.each(found)('$name PostgreSQL', ({ binaries }) => {
  it('starts in a folder that only its owner may enter, keeps its rows, and asks for the password', async () => {
    const dataDir = join(await folder(), 'pg');
    const options = {
      dataDir,
      superuserPassword: 'secret-1',
      trusted: ['reader'],
      ...(binaries && { binaries }),
    };
    const first = await started(options);
    await ask(
      first.url('postgres', 'postgres', 'secret-1'),
      'create role reader login; create table t as select 7 as n; grant select on t to reader',
    );
    expect(await ask(first.url('postgres', 'reader'), 'select n from t')).toEqual([{ n: 7 }]);
    await expect(ask(first.url('postgres', 'postgres', 'wrong'), 'select 1')).rejects.toMatchObject({
      code: '28P01',
    });
    await first.stop();
    const second = await started(options);
    expect(await ask(second.url('postgres', 'reader'), 'select n from t')).toEqual([{ n: 7 }]);
  });
});

const asRoot = process.getuid?.() === 0;

describe.runIf(asRoot)('a server of root, which runs as nobody', () => {
  it('starts although nobody may not enter the folder of its programs', async () => {
    const place = await folder();
    const { postgres } = await embeddedBinaries();
    const native = dirname(dirname(await realpath(postgres)));
    await cp(native, join(place, 'native'), { recursive: true, verbatimSymlinks: true });
    const bin = join(place, 'native/bin');
    const cluster = await started({
      dataDir: join(place, 'pg'),
      superuserPassword: 'secret-1',
      binaries: { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') },
    });
    expect(await ask(cluster.url('postgres', 'postgres', 'secret-1'), 'select 1 as n')).toEqual([{ n: 1 }]);
    // It may read what root may, and no more than that.
    const status = await readFile(`/proc/${cluster.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
    for (const set of ['Inh', 'Prm', 'Eff', 'Amb'])
      expect(status).toMatch(new RegExp(`^Cap${set}:\\s+0000000000000004$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  it('starts in a container without that capability, where everybody may enter its folders', async () => {
    const place = await folder();
    await chmod(place, 0o755);
    // The project itself may lie where nobody may enter.
    const options = { dataDir: join(place, 'pg'), superuserPassword: 'x', binaries: debian };
    const script = `import { startPostgres } from '@sallyport/embedded-postgres';
      const c = await startPostgres(${JSON.stringify(options)});
      await c.stop(); console.log('started');`;
    const node = [process.execPath, '--conditions=development', '--input-type=module', '-e', script];
    const run = spawnSync('setpriv', ['--bounding-set=-dac_read_search', ...node], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    expect(`${run.stdout}${run.stderr}`).toBe('started\n');
  });
});

it('takes over the folder of a server whose starter was killed', async () => {
  const dataDir = join(await folder(), 'pg');
  const options = { dataDir, superuserPassword: 'secret-1' };
  const first = await startPostgres(options);
  const second = await started(options);
  expect(await first.died).toMatch(/^exit/);
  expect(await ask(second.url('postgres', 'postgres', 'secret-1'), 'select 1 as n')).toEqual([{ n: 1 }]);
});

it('ends with the process that started it', () => {
  const script = `import { startPostgres } from '@sallyport/embedded-postgres'; import { mkdtempSync } from 'node:fs';
    const dataDir = mkdtempSync('/tmp/sallyport-test-') + '/pg'; const c = await startPostgres({ dataDir, superuserPassword: 'x' });
    console.log(JSON.stringify({ pid: c.pid, dataDir })); process.kill(process.pid, 'SIGKILL');`;
  const run = spawnSync(process.execPath, ['--conditions=development', '--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  const { pid, dataDir } = JSON.parse(run.stdout) as { pid: number; dataDir: string };
  cleanups.push(() => rm(join(dataDir, '..'), { recursive: true, force: true }));
  const end = spawnSync('tail', [`--pid=${pid}`, '-f', '/dev/null'], { timeout: 60_000 });
  expect(end.status).toBe(0);
});
