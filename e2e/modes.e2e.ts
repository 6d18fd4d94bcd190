import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { find } from '../tools/test/programs.ts';
import { Product } from './harness/product.ts';
import { grantOf } from './harness/person.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

/** The everyday modes of `connect`, with the programs people use. */
const missing = (['psql', 'curl', 'aws'] as const).filter((program) => find(program) === undefined);

interface Opened {
  readonly event: string;
  readonly name: string;
  readonly port: number;
  readonly url: string;
  readonly id: string;
  readonly grantId: string;
  readonly steps: readonly { step: string; elapsedMs: number }[];
}

describe.skipIf(missing.length > 0 && process.env.CI !== 'true')(
  `the modes of connect (needs psql, curl and aws${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''})`,
  () => {
    let product: Product;
    let laptop: Laptop;
    const running: Run[] = [];
    const taken: Server[] = [];
    const grants: Record<string, string> = {};

    beforeAll(async () => {
      product = await Product.start();
      laptop = await Laptop.signedIn(product, 'engineer');
      for (const name of ['prod-rds', 'prod-web'])
        grants[name] = await grantOf(product.as('engineer'), product.as('approver'), name, 1800);
    });
    afterEach(async () => {
      for (const run of running.splice(0)) {
        run.child.kill('SIGINT');
        await run.code;
      }
      for (const server of taken.splice(0)) server.close();
    });
    afterAll(async () => {
      await laptop?.remove();
      await product?.remove();
    });

    /** Keeps tunnels open in the foreground until the test is over. */
    async function open(args: readonly string[], until: string | RegExp): Promise<Run> {
      const run = laptop.tunnel(['connect', ...args]);
      running.push(run);
      await run.until(until);
      return run;
    }
    const events = (run: Run) =>
      run.stdout
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line) as Opened & Record<string, unknown>);
    const done = async (run: Run) => ({ code: await run.code, out: run.stdout, err: run.stderr });
    const startSessions = () =>
      product.cloudTrail().filter((call) => call.eventName === 'StartSession').length;
    /**
     * Takes a port. A tunnel of another suite may have it for a while, and give it back in the middle of a test: so it is waited for, and taken as it is where
     * somebody keeps it.
     */
    async function occupy(port: number): Promise<number> {
      for (let tries = 0; tries < 300; tries++) {
        const server = createServer();
        const bound = await new Promise<boolean>((resolve) => {
          server.once('error', () => resolve(false));
          server.listen(port, '127.0.0.1', () => resolve(true));
        });
        if (bound) {
          taken.push(server);
          return (server.address() as AddressInfo).port;
        }
        await new Promise((later) => setTimeout(later, 100));
      }
      return port;
    }

    it('c1: a local port accepts, psql goes through it, and no key was needed', async () => {
      await open(['prod-rds'], /postgres:\/\/app_ro@127\.0\.0\.1:\d+\/shop/);
      const url = await done(laptop.tunnel(['url', 'prod-rds']));
      expect(url.code, url.err).toBe(0);
      const count = await done(
        laptop.run('psql', ['-XAt', url.out.trim(), '-c', 'select count(*) > 0 from customers']),
      );
      expect(count, count.err).toMatchObject({ code: 0, out: 't\n' });
      const byEnv = 'eval "$("$0" "$1" env prod-rds)" && exec psql -XAt -c "select current_user"';
      const bin = laptop.tunnel(['--version']).child.spawnargs;
      const env = await done(laptop.run('sh', ['-c', byEnv, bin[0] ?? '', bin[1] ?? '']));
      expect(env, env.err).toMatchObject({ code: 0, out: 'app_ro\n' });
      const calls = product.cloudTrail().map((call) => call.eventName);
      expect(calls).not.toContain('SendSSHPublicKey');
      expect(calls).toContain('StartSession');
    });

    it('c6: a taken port is given up for another, which is said; with a fixed one no session is opened', async () => {
      await occupy(15_432);
      const run = await open(['prod-rds'], /127\.0\.0\.1:\d+\/shop/);
      // Told before the port, but in another pipe, which may be read later.
      await run.until(/port 15432 is taken by another program, \d+ is used instead/);
      const port = Number(/127\.0\.0\.1:(\d+)\/shop/.exec(run.stdout)?.[1]);
      const ready = await done(
        laptop.run('psql', ['-XAt', `postgres://app_ro@127.0.0.1:${port}/shop`, '-c', 'select 1']),
      );
      expect(ready).toMatchObject({ code: 0, out: '1\n' });
      const fixed = await occupy(0);
      const before = startSessions();
      const refused = await done(laptop.tunnel(['connect', 'prod-rds', '--port', String(fixed)]));
      expect(refused).toMatchObject({ code: 11, out: '' });
      expect(refused.err).toContain('LOCAL_PORT_TAKEN');
      expect(startSessions()).toBe(before);
    });

    it('several at once, each with its port, for one program', async () => {
      const script = 'psql -XAt -c "select 1" && curl -fsS "$TUNNEL_PROD_WEB_URL" | head -c 1 && echo " $1"';
      const both = await done(
        laptop.tunnel(['connect', 'prod-rds', 'prod-web', '--', 'sh', '-c', script, 'sh', '{prod-web.port}']),
      );
      expect(both.code, both.err).toBe(0);
      expect(both.out).toMatch(/^1\n< \d+\n$/);
    });

    it('one of several ends with its grant: it is said, and the other goes on', async () => {
      const grantId = await grantOf(product.as('engineer'), product.as('approver'), 'prod-web', 1700);
      const run = await open(['prod-rds', 'prod-web', '--json'], /"name":"prod-web","host"/);
      const opened = events(run).filter(({ event }) => event === 'open');
      expect(opened.map(({ name }) => name)).toEqual(['prod-rds', 'prod-web']);
      expect(opened[0]?.steps.map(({ step }) => step)).toEqual([
        'port',
        'lease',
        'session',
        'channel',
        'ready',
      ]);
      for (const id of [grantId, grants['prod-web']])
        await product.as('admin').post(`/grants/${id}/revoke`, { reason: 'no longer needed' });
      await run.until('"event":"closed"');
      expect(events(run).at(-1)).toMatchObject({ event: 'closed', name: 'prod-web', code: 'GRANT_ENDED' });
      const url = opened[0]?.url ?? '';
      const alive = await done(laptop.run('psql', ['-XAt', url, '-c', 'select 1']));
      expect(alive, alive.err).toMatchObject({ code: 0, out: '1\n' });
      grants['prod-web'] = await grantOf(product.as('engineer'), product.as('approver'), 'prod-web', 1800);
    });

    it('listens on a 0600 socket that psql takes, and takes it away at the end', async () => {
      const folder = join(laptop.home, 'pg');
      mkdirSync(folder);
      const socket = join(folder, '.s.PGSQL.5432');
      const run = await done(
        laptop.tunnel([
          'connect',
          'prod-rds',
          '--socket',
          folder,
          '--',
          'sh',
          '-c',
          'stat -c %a "$1"; psql -XAt -c "select 1"',
          'sh',
          '{socket}',
        ]),
      );
      expect(run, run.err).toMatchObject({ code: 0, out: '600\n1\n' });
      expect(() => lstatSync(socket)).toThrow();
      writeFileSync(socket, 'mine');
      const refused = await done(laptop.tunnel(['connect', 'prod-rds', '--socket', socket]));
      expect(refused.code).toBe(11);
      expect(lstatSync(socket).isFile()).toBe(true);
    });

    it('one SOCKS5 listener leads to what is granted and nowhere else', async () => {
      const run = await open(['prod-web', '--socks', '0'], /socks5h:\/\/127\.0\.0\.1:\d+/);
      const proxy = /socks5h:\/\/\S+/.exec(run.stdout)?.[0] ?? '';
      const curl = (url: string) =>
        done(
          laptop.run('curl', [
            '-sS',
            '-o',
            join(laptop.home, 'page'),
            '-w',
            '%{http_code}',
            '--proxy',
            proxy,
            '--max-time',
            '60',
            url,
          ]),
        );
      expect(await curl('http://prod-web:8080/')).toMatchObject({ code: 0, out: '200' });
      expect(await curl('http://10.0.2.60:8080/')).toMatchObject({ code: 0, out: '200' });
      const elsewhere = await curl('http://169.254.169.254/latest/meta-data/');
      expect(elsewhere.code).toBe(97);
      await run.until('169.254.169.254:80 is not among what is connected');
    });

    it('d5: metrics are scraped while a tunnel is open', async () => {
      const run = await open(['prod-web', '--metrics', '127.0.0.1:0', '--json'], /"port":\s*\d+/);
      const at = /metrics at (\S+)/.exec(run.stderr)?.[1] ?? '';
      const { url } = events(run)[0] ?? { url: '' };
      await (await fetch(url)).text();
      const text = await (await fetch(at)).text();
      expect(text).toContain('sallyport_tunnel_sessions{resource="prod-web"} 1');
      expect(
        Number(/bytes_total\{resource="prod-web",direction="down"\} (\d+)/.exec(text)?.[1]),
      ).toBeGreaterThan(0);
      for (const figure of ['reconnects_total', 'open_streams', 'rtt_seconds', 'retransmissions_total'])
        expect(text).toContain(`sallyport_tunnel_${figure}`);
      const secrets = [...Object.values(grants), 'engineer@example.com', '10.0.2.60'];
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    });

    it('doctor tries a real session, and finds nothing wrong', async () => {
      const { code, out, err } = await done(laptop.tunnel(['doctor', 'prod-rds', '--json']));
      expect(code, out + err).toBe(0);
      const { items } = JSON.parse(out) as { items: { id: string; state: string; detail: string }[] };
      expect(items.find(({ id }) => id === 'session')).toMatchObject({ state: 'passed' });
      expect(items.find(({ id }) => id === 'agent')?.detail).toMatch(/SSM agent is 3\./);
    });

    it('creds serve the AWS CLI as its credential_process', async () => {
      const config = await done(laptop.tunnel(['creds', 'prod-rds', '--print-config']));
      const file = join(laptop.home, 'aws-config');
      writeFileSync(file, config.out, { mode: 0o600 });
      const { awsEndpoint } = product.installation;
      const aws = laptop.run('env', [
        ...[`AWS_CONFIG_FILE=${file}`, 'AWS_EC2_METADATA_DISABLED=true', 'AWS_PAGER='],
        ...['aws', '--profile', 'prod-rds', '--endpoint-url', awsEndpoint, 'sts', 'get-caller-identity'],
      ]);
      const { code, out, err } = await done(aws);
      expect(code, err).toBe(0);
      expect((JSON.parse(out) as { Arn: string }).Arn).toContain(`/jit-${grants['prod-rds']}`);
    });
  },
);
