import { execFile, execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { find } from '../../tools/test/programs.ts';

/**
 * Network namespaces for tests: a machine of its own each, with devices, routes, filter rules, /etc and processes that end with it.
 * Nothing of the machine that runs the tests is touched. Names are `sp-<pid>-<n>`, so that what a killed run left is known and swept.
 */

/** Whether this process may make namespaces and TUN devices in them. */
export const mayMakeNamespaces: boolean = (() => {
  if (process.getuid?.() !== 0 || find('ip') === undefined) return false;
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    execFileSync('ip', ['netns', 'list'], { stdio: 'ignore' });
    return true;
  } catch {
    // Without the device or the rights there is nothing to test with; the suites say so.
    return false;
  }
})();

/** What a program said and how it ended; `status` is null when a signal ended it. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Milliseconds until the program is killed. Default 60 s. */
  readonly timeout?: number;
  readonly uid?: number;
}

/** One end of a link: the namespace, the device's name there, and addresses with prefix length. */
export interface LinkEnd {
  readonly at: Namespace;
  readonly device: string;
  readonly addresses: readonly string[];
}

let made = 0;

/** Commands after which a mount namespace has its own device for TUN devices. */
const ownTun = (mode: string) => [
  'mount -t tmpfs -o mode=0755 none /dev/net',
  `mknod -m ${mode} /dev/net/tun c 10 200`,
];

/** A machine of its own. Made by {@link Namespaces.add}. */
export class Namespace {
  readonly name: string;
  /** What this namespace's programs see as /etc: a copy, theirs to write and to rename in. */
  readonly etc: string;
  /** Who may open /dev/net/tun among those who are not root: all, as udev has it, whatever the machine that runs the tests has. A device is used by its owner alone. */
  tunMode: '0666' | '0600' = '0666';
  readonly #children = new Set<ChildProcess>();
  readonly #servers: Server[] = [];
  #relay: Promise<ChildProcess> | undefined;
  /** The process that keeps folders of this namespace's own. */
  #keeper: number | undefined;

  constructor(name: string, etc: string) {
    this.name = name;
    this.etc = etc;
  }

  /** The command line that runs a program in here. The first process of it becomes the program itself: a signal to it arrives. */
  command(program: string, args: readonly string[], uid?: number): readonly [string, readonly string[]] {
    const asUser =
      uid === undefined ? [] : ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
    if (this.#keeper !== undefined)
      return ['nsenter', ['-t', String(this.#keeper), '--mount', '--net', ...asUser, program, ...args]];
    const mounts = ['mount --bind "$0" /etc', ...(uid === undefined ? [] : ownTun(this.tunMode))];
    const inside = ['sh', '-c', [...mounts, 'exec "$@"'].join(' && '), this.etc, ...asUser, program, ...args];
    return ['ip', ['netns', 'exec', this.name, ...inside]];
  }

  /** Programs that are started from now on see these folders of the machine empty, root's, and theirs to write. */
  async ownFolders(...paths: readonly string[]): Promise<void> {
    const mounts = [
      ...paths.map((path) => `mount -t tmpfs -o mode=0755 none ${path}`),
      ...ownTun(this.tunMode),
    ];
    const keeper = this.spawn('unshare', [
      ...['--mount', 'sh', '-c'],
      [...mounts, 'echo ready', 'exec sleep infinity'].join(' && '),
    ]);
    const said = once(createInterface({ input: keeper.stdout! }), 'line');
    const [line] = (await Promise.race([said, once(keeper, 'exit')])) as [unknown];
    if (line !== 'ready') throw new Error(`${paths.join(', ')} cannot be had in ${this.name}`);
    this.#keeper = keeper.pid;
  }

  /** Starts a program in here; what still runs at {@link Namespaces.destroy} is killed. */
  spawn(
    program: string,
    args: readonly string[] = [],
    options: SpawnOptions & { asUid?: number } = {},
  ): ChildProcess {
    const { asUid, ...rest } = options;
    const [command, all] = this.command(program, args, asUid);
    const child = spawn(command, all, { stdio: ['ignore', 'pipe', 'pipe'], ...rest });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Runs a program in here to its end, whatever its status. */
  async run(program: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Ran> {
    const [command, all] = this.command(program, args, options.uid);
    const env = { ...process.env, ...options.env };
    return new Promise((resolve) => {
      const limits = {
        env,
        timeout: options.timeout ?? 60_000,
        maxBuffer: 64 << 20,
        encoding: 'utf8',
      } as const;
      const child = execFile(command, all, { ...limits, killSignal: 'SIGKILL' }, (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : child.exitCode, stdout, stderr }),
      );
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(options.input ?? '');
    });
  }

  /** Runs a program in here and gives its standard output; throws with what it complained of when it fails. */
  async ask(program: string, args: readonly string[] = [], options: RunOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.run(program, args, options);
    if (status !== 0)
      throw new Error(
        `${program} ${args.join(' ')} in ${this.name} ended with ${status}: ${stderr}${stdout}`,
      );
    return stdout;
  }

  /** `ip ...` for this namespace. */
  async ip(...args: readonly string[]): Promise<string> {
    return ran('ip', ['-n', this.name, ...args]);
  }

  /** Sets a kernel setting in here, for example `net.ipv4.ip_forward`. */
  async sysctl(key: string, value: string): Promise<void> {
    await ran('ip', ['netns', 'exec', this.name, 'sysctl', '-qw', `${key}=${value}`]);
  }

  /** Replaces a file of this namespace's /etc. */
  writeEtc(file: string, text: string): void {
    writeFileSync(join(this.etc, file), text);
  }

  /**
   * Makes `address`:`insidePort` in here reach 127.0.0.1:`port` of the machine that runs the tests (the product's own servers). The bytes cross by
   * a Unix socket, so no route leads out of the namespace.
   */
  async relayPort(port: number, insidePort = port, address = '127.0.0.1'): Promise<void> {
    const path = join(this.etc, '..', `relay-${port}.sock`);
    const server = createServer((near) => joined(near, connect(port, '127.0.0.1')));
    await once(server.listen(path), 'listening');
    server.unref();
    this.#servers.push(server);
    this.#relay ??= this.#startRelay();
    const relay = await this.#relay;
    const said = once(createInterface({ input: relay.stdout! }), 'line');
    relay.stdin!.write(`${JSON.stringify({ port: insidePort, address, path })}\n`);
    const [line] = (await Promise.race([said, once(relay, 'exit')])) as [unknown];
    if (line !== 'listening') throw new Error(`the relay of ${this.name} did not start: ${String(line)}`);
  }

  async #startRelay(): Promise<ChildProcess> {
    const relay = this.spawn(process.execPath, [join(import.meta.dirname, 'namespace-relay.mjs')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(relay, 'spawn');
    return relay;
  }

  /** Ids of the processes in here. */
  async pids(): Promise<number[]> {
    return (await ran('ip', ['netns', 'pids', this.name])).split('\n').filter(Boolean).map(Number);
  }

  /** Kills what runs in here and removes the namespace; waits until both are gone. */
  async destroy(): Promise<void> {
    for (const server of this.#servers) server.close();
    const gone = [...this.#children].map((child) => once(child, 'exit'));
    await killInside(this.name);
    await Promise.all(gone);
    await ran('ip', ['netns', 'del', this.name]).catch(() => undefined);
    rmSync(join(this.etc, '..'), { recursive: true, force: true });
  }
}

/** The namespaces of one test or suite: `await using world = await Namespaces.make()`, or {@link destroy} in afterAll. */
export class Namespaces implements AsyncDisposable {
  readonly #all: Namespace[] = [];
  readonly #atExit = () => {
    for (const { name, etc } of this.#all) removeNow(name, join(etc, '..'));
  };

  private constructor() {
    process.once('exit', this.#atExit);
  }

  /** Sweeps what killed runs left, then begins an empty set. */
  static async make(): Promise<Namespaces> {
    sweepNamespaces();
    return new Namespaces();
  }

  /** A new namespace with its loopback up and its own copy of /etc (hosts: localhost alone; no name server). */
  async add(): Promise<Namespace> {
    made += 1;
    const name = `sp-${process.pid}-${made}`;
    const folder = mkdtempSync(join(tmpdir(), `${name}-`));
    const etc = join(folder, 'etc');
    const space = new Namespace(name, etc);
    this.#all.push(space);
    await ran('cp', ['-a', '/etc', etc]);
    space.writeEtc('hosts', '127.0.0.1 localhost\n::1 localhost\n');
    space.writeEtc('resolv.conf', '');
    await ran('ip', ['netns', 'add', name]);
    await space.ip('link', 'set', 'lo', 'up');
    return space;
  }

  /** A wire (veth) between two namespaces, both ends up. */
  async link(left: LinkEnd, right: LinkEnd): Promise<void> {
    const far = ['peer', 'name', right.device, 'netns', right.at.name];
    await left.at.ip('link', 'add', left.device, 'type', 'veth', ...far);
    for (const { at, device, addresses } of [left, right]) {
      for (const address of addresses)
        await at.ip('addr', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []));
      await at.ip('link', 'set', device, 'up');
    }
  }

  async destroy(): Promise<void> {
    process.off('exit', this.#atExit);
    await Promise.all(this.#all.splice(0).map((space) => space.destroy()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }
}

/** Names of this run's namespaces that still exist: empty when every test cleaned up. */
export function leftoverNamespaces(): string[] {
  return listed().filter((name) => name.startsWith(`sp-${process.pid}-`));
}

/** Removes namespaces and folders of runs whose process is gone (they were killed). */
export function sweepNamespaces(): void {
  const orphaned = (name: string) => {
    const pid = /^sp-(\d+)-\d+/.exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  };
  for (const name of listed().filter(orphaned)) removeNow(name, undefined);
  for (const folder of readdirSync(tmpdir()).filter(orphaned))
    rmSync(join(tmpdir(), folder), { recursive: true, force: true });
}

function listed(): string[] {
  return existsSync('/var/run/netns') ? readdirSync('/var/run/netns') : [];
}

/** For the end of this process, where nothing can be awaited. */
function removeNow(name: string, folder: string | undefined): void {
  try {
    const pids = execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8', stdio: 'pipe' });
    for (const pid of pids.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
    execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' });
  } catch {
    // It is gone already, or a process of it ended between the two lines.
  }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

/** Kills until nothing runs in the namespace: a process may have forked meanwhile. */
async function killInside(name: string): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const pids = (await ran('ip', ['netns', 'pids', name]).catch(() => '')).split('\n').filter(Boolean);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself since it was listed.
      }
    }
    await new Promise((next) => setTimeout(next, 20));
  }
}

function joined(near: Socket, far: Socket): void {
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.setNoDelay(true);
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
    one.pipe(other);
  }
}

function ran(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${command} ${args.join(' ')}: ${stderr}`)),
    ),
  );
}
