import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { startOf } from '../tools/start/process-identity.ts';
import { freePort } from '../tools/start/secrets.ts';
import { promised } from './harness/promised.ts';
import { Run } from './harness/tunnel.ts';

/** `npm start` as a newcomer meets it: what it prints, what it writes, how it ends, and how it begins again. */
const folders: string[] = [];
const runs: Run[] = [];
afterEach(async () => {
  for (const run of runs.splice(0)) {
    if (run.child.exitCode === null && run.child.signalCode === null) run.child.kill('SIGINT');
    await run.code;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-start-')));
  folders.push(made);
  return made;
}

function start(dataDir: string, port: number, environment: Record<string, string> = {}): Run {
  const child = spawn(
    process.execPath,
    ['--conditions=development', join(repository, 'tools/start/main.ts')],
    {
      cwd: repository,
      // What is built stays as it is: other suites run the command while a build would lay it anew.
      env: {
        ...process.env,
        SALLYPORT_DATA: dataDir,
        PORT: String(port),
        SALLYPORT_BUILD: 'none',
        ...environment,
      },
    },
  );
  child.stdin.end();
  const run = new Run(child);
  runs.push(run);
  return run;
}

interface Parts {
  readonly [name: string]: { readonly pid: number; readonly started: string };
}
const partsOf = (dataDir: string) =>
  Object.values(JSON.parse(readFileSync(join(dataDir, 'parts.json'), 'utf8')) as Parts);
const alive = (parts: ReturnType<typeof partsOf>) =>
  parts.filter(({ pid, started }) => startOf(pid) === started);

/** Resolves true when something listens on that address of this machine. */
async function listens(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
    return false;
  } finally {
    socket.destroy();
  }
}

describe('npm start', () => {
  it('says where, who and what next, keeps its files private, listens on loopback, and ends within 5 s', async () => {
    const dataDir = folder();
    const port = await freePort();
    const run = start(dataDir, port, {
      AWS_PROFILE: 'somebody-elses',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    });
    await run.until('Ctrl-C stops everything');
    expect(run.stdout).toContain(`http://localhost:${port}`);
    for (const name of ['engineer', 'approver', 'admin', 'auditor', 'outsider'])
      expect(run.stdout).toContain(`${name}@example.com`);

    const file = join(dataDir, 'sandbox.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const told = JSON.parse(readFileSync(file, 'utf8')) as { apiUrl: string; accounts: { token: string }[] };
    const me = await fetch(`${told.apiUrl}/api/me`, {
      headers: { authorization: `Bearer ${told.accounts[0]?.token}` },
    });
    expect(await me.json()).toMatchObject({ email: 'engineer@example.com' });

    expect(await listens('127.0.0.1', port)).toBe(true);
    const outside = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .filter(
        (line) =>
          line.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `) && line.includes(' 0A '),
      )
      .filter((line) => !/^\s*\d+: 0100007F:/.test(line));
    expect(outside).toEqual([]);

    const parts = partsOf(dataDir);
    expect(alive(parts)).toHaveLength(3);
    const asked = performance.now();
    run.child.kill('SIGINT');
    expect(await run.code).toBe(0);
    expect(performance.now() - asked).toBeLessThan(promised(5_000));
    expect(alive(parts)).toEqual([]);
    expect(await listens('127.0.0.1', port)).toBe(false);
  });

  it('refuses a second start in the same folder and a taken port, and starts again after kill -9 with the same secrets', async () => {
    const dataDir = folder();
    const port = await freePort();
    const first = start(dataDir, port);
    await first.until('Ctrl-C stops everything');
    const before = readFileSync(join(dataDir, 'sandbox.json'), 'utf8');

    const second = start(dataDir, await freePort());
    expect(await second.code).toBe(11);
    expect(second.stderr).toContain('INSTALLATION_IN_USE');
    const elsewhere = start(folder(), port);
    expect(await elsewhere.code).toBe(11);
    expect(elsewhere.stderr).toContain('INSTALLATION_PORT_TAKEN');

    const orphans = partsOf(dataDir);
    first.child.kill('SIGKILL');
    await first.code;
    const again = start(dataDir, port);
    await again.until('Ctrl-C stops everything');
    expect(alive(orphans)).toEqual([]);
    const after = readFileSync(join(dataDir, 'sandbox.json'), 'utf8');
    expect(JSON.parse(after)).toEqual(JSON.parse(before));
  });

  it('refuses to run live on sandbox means', async () => {
    const run = start(folder(), await freePort(), { SALLYPORT_AWS: 'live' });
    expect(await run.code).toBe(2);
    expect(run.stderr).toContain('INSTALLATION_NOT_FIT_FOR_LIVE');
  });
});
