/** The world of `route`: a laptop, a gateway with the agent, and a server behind it, in three namespaces. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ChildProcess } from 'node:child_process';
import { Namespaces, type Namespace } from '../../e2e/harness/namespaces.ts';
import { Child } from './child.ts';
import { median } from './figure.ts';

export const addresses = { laptop: '10.1.0.1', gateway: '10.1.0.2', server: '10.2.0.2' } as const;
export const ports = { agent: 7443, ssh: 2222, iperf: 5201, echo: 7000, bulk: 5202 } as const;
export const network = '10.2.0.0/24';

const folder = import.meta.dirname;

/** A link between laptop and gateway: a wire, or one of a rate and a delay. */
export type LinkShape = 'wire' | { readonly delayMs: number; readonly mbitPerSecond: number };

export class RouteWorld implements AsyncDisposable {
  readonly laptop: Namespace;
  readonly gateway: Namespace;
  readonly server: Namespace;
  readonly keys: string;
  readonly #spaces: Namespaces;
  readonly #link: Child | undefined;

  private constructor(
    spaces: Namespaces,
    parts: readonly Namespace[],
    keys: string,
    link: Child | undefined,
  ) {
    const [laptop, gateway, server] = parts;
    this.#spaces = spaces;
    this.laptop = laptop!;
    this.gateway = gateway!;
    this.server = server!;
    this.keys = keys;
    this.#link = link;
  }

  static async start(shape: LinkShape): Promise<RouteWorld> {
    const spaces = await Namespaces.make();
    const [laptop, gateway, server] = [await spaces.add(), await spaces.add(), await spaces.add()];
    let link: Child | undefined;
    if (shape === 'wire') {
      await spaces.link(
        { at: laptop, device: 'up0', addresses: [`${addresses.laptop}/30`] },
        { at: gateway, device: 'down0', addresses: [`${addresses.gateway}/30`] },
      );
    } else {
      const { delayMs, mbitPerSecond } = shape;
      const numbers = [String(delayMs), String(mbitPerSecond)];
      link = await Child.start('tools/bench/route-link.ts', [laptop.name, gateway.name, ...numbers]);
      for (const [at, own] of [
        [laptop, addresses.laptop],
        [gateway, addresses.gateway],
      ] as const) {
        await at.ip('addr', 'add', `${own}/30`, 'dev', 'dl0');
        await at.ip('link', 'set', 'dl0', 'mtu', '1500', 'txqueuelen', '5000', 'up');
      }
    }
    await spaces.link(
      { at: gateway, device: 'inside0', addresses: ['10.2.0.1/24'] },
      { at: server, device: 'net0', addresses: [`${addresses.server}/24`] },
    );
    await gateway.sysctl('net.ipv4.ip_forward', '1');
    await laptop.ip('route', 'add', network, 'via', addresses.gateway);
    await server.ip('route', 'add', 'default', 'via', '10.2.0.1');
    const keys = mkdtempSync(join(tmpdir(), 'sallyport-route-'));
    const world = new RouteWorld(spaces, [laptop, gateway, server], keys, link);
    try {
      for (const port of [ports.iperf, ports.bulk])
        await listening(
          server,
          server.spawn('iperf3', ['-s', '-p', String(port)], { stdio: 'ignore' }),
          port,
        );
      await ready(
        server.spawn(process.execPath, [join(folder, 'route-echo.ts'), 'serve', String(ports.echo)]),
      );
      await world.#startSsh();
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Debian's sshd on the gateway, with keys of this run. */
  async #startSsh(): Promise<void> {
    const { keys } = this;
    for (const name of ['host', 'person'])
      await this.gateway.ask('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, name)]);
    const authorized = await this.gateway.ask('cat', [join(keys, 'person.pub')]);
    writeFileSync(join(keys, 'authorized'), authorized, { mode: 0o600 });
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const settings = [
      ...[
        `Port ${ports.ssh}`,
        `HostKey ${join(keys, 'host')}`,
        `AuthorizedKeysFile ${join(keys, 'authorized')}`,
      ],
      ...[
        'PermitRootLogin prohibit-password',
        'StrictModes no',
        'UsePAM no',
        `PidFile ${join(keys, 'sshd.pid')}`,
      ],
    ];
    writeFileSync(join(keys, 'sshd_config'), `${settings.join('\n')}\n`);
    const sshd = this.gateway.spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(keys, 'sshd_config')]);
    await listening(this.gateway, sshd, ports.ssh);
  }

  /** Options of ssh for this run's keys. */
  get sshOptions(): readonly string[] {
    const known = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
    return [
      ...['-F', '/dev/null', '-i', join(this.keys, 'person'), '-p', String(ports.ssh)],
      ...known.flatMap((option) => ['-o', option]),
    ];
  }

  /** Starts a Node program of this folder in a namespace, ready in one JSON line. */
  async startNode(at: Namespace, file: string, settings: unknown): Promise<ChildProcess> {
    const args = ['--conditions=development', join(folder, file), JSON.stringify(settings)];
    const child = at.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await ready(child);
    return child;
  }

  /**
   * Gbit/s of one TCP stream from the laptop, `-R` for the other direction. The first two seconds are left out for all alike: a program of Node is
   * compiled while it runs, and congestion control looks for its rate.
   */
  async throughput(
    seconds: number,
    options: readonly string[] = [],
    to: string = addresses.server,
  ): Promise<number> {
    const args = ['-J', '-c', to, '-p', String(ports.iperf), '-t', String(seconds), '-O', '2', ...options];
    const { stdout } = await this.laptop.run('iperf3', args, { timeout: (seconds + 60) * 1000 });
    const report = JSON.parse(stdout) as {
      error?: string;
      end: { sum_received?: { bits_per_second: number } };
    };
    if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`);
    return (report.end.sum_received?.bits_per_second ?? 0) / 1e9;
  }

  /** Payload that the server's connections of a port have received so far, as its kernel counts it. */
  async received(port: number): Promise<number> {
    const said = await this.server.ask('ss', ['-Htni', `sport = :${port}`]);
    return [...said.matchAll(/bytes_received:(\d+)/gu)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  }

  /** Median milliseconds of a connection and one byte there and back, after so many of them that do not count. */
  async connectEcho(
    count: number,
    {
      to = addresses.server,
      port = ports.echo,
      warm = 5,
    }: { to?: string; port?: number; warm?: number } = {},
  ): Promise<number> {
    const numbers = [port, count, warm].map(String);
    const args = [join(folder, 'route-echo.ts'), 'measure', to, ...numbers];
    const said = await this.laptop.ask(process.execPath, args, { timeout: 120_000 });
    return median(JSON.parse(said) as number[]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link?.[Symbol.asyncDispose]();
    await this.#spaces.destroy();
    rmSync(this.keys, { recursive: true, force: true });
  }
}

/** Resolves when the program has said its one line. */
export async function ready(child: ChildProcess): Promise<void> {
  let complaint = '';
  child.stderr?.on('data', (bytes: Buffer) => (complaint = (complaint + bytes.toString()).slice(-2000)));
  const line = once(createInterface({ input: child.stdout! }), 'line');
  const ended = once(child, 'exit').then(() => {
    throw new Error(`a program did not start: ${complaint}`);
  });
  ended.catch(() => undefined);
  await Promise.race([line, ended]);
}

/** Resolves when something in the namespace listens on the port. */
export async function listening(at: Namespace, child: ChildProcess | undefined, port: number): Promise<void> {
  let complaint = '';
  child?.stderr?.on('data', (bytes: Buffer) => (complaint = (complaint + bytes.toString()).slice(-2000)));
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await at.ask('ss', ['-Hltn', `sport = :${port}`])).length > 0) return;
    if (child !== undefined && child.exitCode !== null) break;
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error(`nothing listens on port ${port}: ${complaint}`);
}

/** Ends a program and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(late);
}
