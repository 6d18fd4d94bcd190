import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { Laptop, type Run } from './harness/tunnel.ts';
import { repository } from '../tools/start/installation.ts';
import { anotherUid, askAs, mayBeAnother } from './harness/another-user.ts';

/** Tunnels that outlive their terminal, with the background process and AWS in a box as real processes. */
let product: Product;
let laptop: Laptop;

beforeAll(async () => {
  product = await Product.start();
  for (const resource of ['prod-web', 'prod-rds'])
    await grantOf(product.as('engineer'), product.as('approver'), resource, 3600);
  laptop = await Laptop.signedIn(product, 'engineer');
});
afterEach(async () => {
  if (existsSync(join(stateFolder(), 'daemon.sock'))) await laptop.tunnel(['stop', '--daemon']).code;
});
afterAll(async () => {
  await laptop?.remove();
  await product?.remove();
});

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly grantId: string;
  readonly port: number;
  readonly pid: number;
  readonly bytesDown: number;
  readonly openedAt: string;
  readonly sessions: number;
  readonly health: string;
}

/** What a command answers with `--json`; its exit code has to be 0. */
async function answered<T>(...args: string[]): Promise<T> {
  const run = laptop.tunnel([...args, '--json']);
  expect(await run.code, run.stderr + run.stdout).toBe(0);
  return JSON.parse(run.stdout) as T;
}
const listed = async () =>
  (await answered<{ items: Listed[] }>('ps')).items.filter(({ pid }) => pid !== null);
const stateFolder = () => join(laptop.home, 'state', 'sallyport');

/** Ids of AWS sessions that were started and not terminated. */
function openAtAws(): string[] {
  const open = new Set<string>();
  for (const { eventName, errorCode, ...record } of product.cloudTrail()) {
    if (errorCode) continue;
    const { responseElements, requestParameters } = record as {
      responseElements?: { sessionId?: string } | null;
      requestParameters?: { sessionId?: string } | null;
    };
    if (eventName === 'StartSession') open.add(responseElements?.sessionId ?? '?');
    if (eventName === 'TerminateSession') open.delete(requestParameters?.sessionId ?? '');
  }
  return [...open];
}

/** Waits until so many sessions are open at AWS: its log may be a moment behind. */
const atAws = (count: number) =>
  vi.waitFor(() => expect(openAtAws()).toHaveLength(count), { timeout: 45_000, interval: 50 });

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}
const gone = (pid: number) =>
  vi.waitFor(() => expect(runs(pid)).toBe(false), { timeout: 30_000, interval: 50 });

describe('in the background', () => {
  it('c4 stop: a tunnel is shown with port, age and bytes, and ends with its SSM session terminated at AWS', async () => {
    const run = laptop.tunnel(['connect', 'prod-web', '--background']);
    expect(await run.code, run.stderr).toBe(0);
    expect(run.stdout.trim()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await (await fetch(run.stdout.trim())).text();
    expect(page).toContain('rders');
    const [tunnel] = await listed();
    expect(tunnel).toMatchObject({ name: 'prod-web', background: true, sessions: 1, health: 'good' });
    expect(`http://127.0.0.1:${tunnel?.port}/`).toBe(run.stdout.trim());
    expect(tunnel?.bytesDown).toBeGreaterThanOrEqual(page.length);
    expect(Date.parse(tunnel?.openedAt ?? '')).toBeLessThanOrEqual(Date.now());
    await atAws(1);

    const stop = laptop.tunnel(['stop', 'prod-web']);
    expect(await stop.code, stop.stderr).toBe(0);
    await atAws(0);
    expect(await listed()).toEqual([]);
    await expect(fetch(run.stdout.trim())).rejects.toThrow();
  });

  it('that ends with its grant says why at the next command, once', async () => {
    const run = laptop.tunnel([
      ...['connect', 'staging-rds', '--background', '--for', '30m', '--reason', 'to be revoked'],
    ]);
    expect(await run.code, run.stderr).toBe(0);
    const [tunnel] = await listed();
    const reason = 'laptop reported lost';
    await product.as('admin').post(`/grants/${tunnel?.grantId}/revoke`, { reason });
    await vi.waitFor(async () => expect(await listed()).toEqual([]), { timeout: 30_000, interval: 250 });
    const next = laptop.tunnel(['ls']);
    expect(await next.code, next.stderr).toBe(0);
    expect(next.stderr).toMatch(
      new RegExp(`in the background, .* staging-rds: .*revoked: "${reason}" \\(GRANT_ENDED\\)`, 'u'),
    );
    const after = laptop.tunnel(['ls']);
    expect(await after.code, after.stderr).toBe(0);
    expect(after.stderr).not.toContain('in the background');
  });

  it('two first connects at one moment share one process, which holds no secret and no door for others', async () => {
    const both = [
      laptop.tunnel(['connect', 'prod-web', '--background']),
      laptop.tunnel(['connect', 'prod-rds', '--background']),
    ];
    for (const run of both) expect(await run.code, run.stderr).toBe(0);
    const tunnels = await listed();
    expect(tunnels.map(({ name }) => name)).toEqual(['prod-rds', 'prod-web']);
    expect(new Set(tunnels.map(({ pid }) => pid)).size).toBe(1);
    const pid = tunnels[0]?.pid ?? 0;
    const { token } = product.as('engineer').account;
    for (const what of ['cmdline', 'environ'])
      expect(readFileSync(`/proc/${pid}/${what}`, 'utf8')).not.toContain(token);
    expect(statSync(stateFolder()).mode & 0o777).toBe(0o700);
    const files = readdirSync(stateFolder()).filter(
      (name) => !statSync(join(stateFolder(), name)).isDirectory(),
    );
    expect(files).toEqual(expect.arrayContaining(['daemon.log', 'daemon.sock', 'daemon.lock']));
    for (const name of files)
      expect([name, statSync(join(stateFolder(), name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(readFileSync(join(stateFolder(), 'daemon.log'), 'utf8')).not.toContain(token);

    expect(await laptop.tunnel(['stop', '--daemon']).code).toBe(0);
    await gone(pid);
    await atAws(0);
    expect(readdirSync(stateFolder()).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });
});

/** A tunnel in the foreground, once it is ready. */
async function opened(name: string): Promise<Run> {
  const run = laptop.tunnel(['connect', name]);
  await run.until(/left +\(/);
  return run;
}
const liveSessions = async () =>
  ((await product.as('engineer').get('/sessions?view=mine&state=live')).body as { items: object[] }).items;
const leftFiles = () => [
  ...readdirSync(join(stateFolder(), 'tunnels')),
  ...readdirSync(stateFolder()).filter((name) => /^\d.*\.sock$/.test(name)),
];

describe('the end of a tunnel in the foreground', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s closes it in order, also at AWS',
    async (signal) => {
      const run = await opened('prod-web');
      await atAws(1);
      run.child.kill(signal);
      expect(await run.code).toBe(130);
      await atAws(0);
      expect(await liveSessions()).toEqual([]);
      expect(leftFiles()).toEqual([]);
    },
  );

  it.skipIf(process.platform !== 'linux')(
    'by closing its terminal closes it in order, also at AWS (needs script)',
    async () => {
      const command = [process.execPath, join(repository, 'apps/cli/bin/run.js'), 'connect', 'prod-web'].join(
        ' ',
      );
      // A terminal that is there as long as `script` is: killing it is closing the window.
      const terminal = laptop.run('script', ['-qec', command, '/dev/null']);
      await terminal.until(/left +\(/);
      const [tunnel] = await listed();
      await atAws(1);
      terminal.child.kill('SIGKILL');
      await gone(tunnel?.pid ?? 0);
      await atAws(0);
      expect(await liveSessions()).toEqual([]);
      expect(leftFiles()).toEqual([]);
    },
  );
});

describe('what kill -9 leaves', () => {
  it('of a tunnel in the foreground is finished by the next command that speaks with the server', async () => {
    const run = await opened('prod-web');
    run.child.kill('SIGKILL');
    await run.code;
    await atAws(1);
    expect(leftFiles()).toHaveLength(2);
    const next = laptop.tunnel(['ls']);
    expect(await next.code).toBe(0);
    expect(next.stderr).toContain('finished what a killed tunnel left: prod-web');
    await atAws(0);
    expect(await liveSessions()).toEqual([]);
    expect(leftFiles()).toEqual([]);
  });

  it('of the background process is finished by the next connect, which has a new one', async () => {
    expect(await laptop.tunnel(['connect', 'prod-web', 'prod-rds', '--background']).code).toBe(0);
    const pid = (await listed())[0]?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    await atAws(2);
    const next = laptop.tunnel(['connect', 'prod-web', '--background']);
    expect(await next.code, next.stderr).toBe(0);
    await atAws(1);
    const tunnels = await listed();
    expect(tunnels.map(({ name }) => name)).toEqual(['prod-web']);
    expect(tunnels[0]?.pid).not.toBe(pid);
  });
});

it.skipIf(!mayBeAnother || process.platform !== 'linux')(
  'another user of the machine is refused on the port of a tunnel (needs perl)',
  async () => {
    const run = await opened('prod-web');
    const [tunnel] = await listed();
    const request = 'GET / HTTP/1.0\r\n\r\n';
    const port = tunnel?.port ?? 0;
    expect(await askAs(anotherUid, port, request)).toBe('');
    await run.until(/prod-web: a connection of user 65534 of this machine was refused \(PEER_REFUSED\)/);
    expect(await askAs(process.getuid?.(), port, request)).toContain('rders');
    run.child.kill('SIGTERM');
    expect(await run.code).toBe(130);
  },
);

describe('tunnels in a file', () => {
  const write = (text: string) => writeFileSync(join(laptop.home, 'tunnels.yaml'), text);
  const up = async (...flags: string[]) =>
    (await answered<{ items: { name: string; change: string; id: string }[] }>('up', ...flags)).items;
  const changes = (items: readonly { name: string; change: string }[]) =>
    Object.fromEntries(items.map(({ name, change }) => [name, change]));

  it('are asked for, opened together, left alone the second time, and pruned only when asked', async () => {
    const engineer = product.as('engineer');
    expect(await laptop.tunnel(['done', '--all']).code).toBe(0);
    write(`tunnels:
  - {name: prod-web, for: 30m, reason: on call}
  - {name: prod-rds, for: 20m, reason: INC-4312 slow query}
  - {name: staging-rds, reason: on call}
`);
    // Nobody answers for a service and a database; staging is granted by policy.
    const asked = laptop.tunnel(['up', '--no-wait']);
    expect(await asked.code, asked.stderr).toBe(8);
    const pending = (await engineer.get('/access-requests?view=mine&state=pending')).body.items as {
      id: string;
    }[];
    expect(pending).toHaveLength(2);
    for (const { id } of pending) await product.as('approver').approves(id);

    const first = await up();
    expect(changes(first)).toEqual({ 'prod-web': 'opened', 'prod-rds': 'opened', 'staging-rds': 'opened' });
    const second = await up();
    expect(new Set(second.map(({ change }) => change))).toEqual(new Set(['unchanged']));
    expect(second.map(({ id }) => id).sort()).toEqual(first.map(({ id }) => id).sort());

    write('tunnels: [{name: prod-web}, {name: staging-rds}]');
    expect(changes(await up())).toEqual({ 'prod-web': 'unchanged', 'staging-rds': 'unchanged' });
    expect(await listed()).toHaveLength(3);
    const pruned = { 'prod-web': 'unchanged', 'staging-rds': 'unchanged', 'prod-rds': 'closed' };
    expect(changes(await up('--prune'))).toEqual(pruned);
    await atAws(2);
    expect(await laptop.tunnel(['down']).code).toBe(0);
    await atAws(0);
  });

  it('never widen a bind unasked, and every mistake is told with its place', async () => {
    write('tunnels:\n  - {name: prod-web, bind: 0.0.0.0}\n');
    const wide = laptop.tunnel(['up']);
    expect(await wide.code).toBe(2);
    expect(wide.stderr).toContain('Line 2 of the file binds prod-web to 0.0.0.0; allow it with --allow-bind');
    write('tunnels:\n  - {name: prod-web, prot: 1}\n  - {port: 5}\n');
    const wrong = laptop.tunnel(['up']);
    expect(await wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(
      /line 2, column 22: "prot" is not known[^]*line 3, column 5: the name is missing/,
    );
    expect(await listed()).toEqual([]);
  });

  it('run in the foreground too, until Ctrl-C', async () => {
    write('tunnels: [{name: prod-web, port: 0}, {name: prod-rds}]');
    const run = laptop.tunnel(['up', '--foreground']);
    await run.until(/prod-rds: \d\d:\d\d left/);
    expect((await listed()).map(({ name }) => name)).toEqual(['prod-rds', 'prod-web']);
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
    await atAws(0);
  });
});
