import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../../tools/start/installation.ts';
import type { Namespace, Ran, RunOptions } from './namespaces.ts';
import type { PersonName, Product } from './product.ts';
import { Run } from './tunnel.ts';

/** The person on such a laptop: a user without any right over the network. */
export const laptopUid = 65_534;

/**
 * The command line as a package of its own, where every user may read it: the repository may lie in a folder that only root enters. The program and its Node are those of this
 * repository.
 */
export class InstalledCommand {
  readonly folder: string;
  readonly node: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'sallyport-command-'));
    chmodSync(this.folder, 0o755);
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(repository, 'apps/cli', part), join(this.folder, part), { recursive: true });
    for (const native of ['koffi', '@koromix'])
      cpSync(join(repository, 'node_modules', native), join(this.folder, 'node_modules', native), {
        recursive: true,
        dereference: true,
      });
    this.node = join(this.folder, 'node');
    try {
      linkSync(process.execPath, this.node);
    } catch {
      // Another file system: then it is copied.
      copyFileSync(process.execPath, this.node);
    }
  }

  get words(): readonly [string, string] {
    return [this.node, join(this.folder, 'bin/run.js')];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * A laptop in a network namespace: its only ways out are 127.0.0.1:PORT of the control plane and of the sandbox. The person is an ordinary user; whatever becomes of devices, routes
 * and rules is done by the helper, which runs there as root.
 */
export class LaptopOfItsOwn {
  readonly at: Namespace;
  readonly home: string;
  readonly env: Record<string, string>;
  readonly #command: InstalledCommand;
  readonly #runs: Run[] = [];

  private constructor(at: Namespace, command: InstalledCommand, product: Product) {
    this.at = at;
    this.#command = command;
    this.home = mkdtempSync(join(tmpdir(), 'sallyport-routed-'));
    for (const folder of ['', 'config', 'state', 'run']) {
      mkdirSync(join(this.home, folder), { recursive: true, mode: 0o700 });
      chownSync(join(this.home, folder), laptopUid, laptopUid);
    }
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.home,
      LANG: 'C.UTF-8',
      TUNNEL_SERVER: product.apiUrl,
      XDG_CONFIG_HOME: join(this.home, 'config'),
      XDG_STATE_HOME: join(this.home, 'state'),
      XDG_RUNTIME_DIR: join(this.home, 'run'),
    };
  }

  static async signedIn(
    product: Product,
    command: InstalledCommand,
    at: Namespace,
    name: PersonName = 'engineer',
  ): Promise<LaptopOfItsOwn> {
    const laptop = new LaptopOfItsOwn(at, command, product);
    for (const url of [product.apiUrl, product.installation.awsEndpoint])
      await at.relayPort(Number(new URL(url).port));
    const login = laptop.tunnel(['login', '--token-stdin'], product.as(name).account.token + '\n');
    if ((await login.code) !== 0) throw new Error(`login: ${login.stderr}`);
    return laptop;
  }

  /** The `tunnel` command as the person. A signal to the run's process arrives at the command itself. */
  tunnel(args: readonly string[], input = ''): Run {
    const [node, program] = this.#command.words;
    const child: ChildProcess = this.at.spawn(node, [program, ...args], {
      ...{ asUid: laptopUid, env: this.env, stdio: 'pipe', cwd: '/' },
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    const run = new Run(child as ConstructorParameters<typeof Run>[0]);
    this.#runs.push(run);
    return run;
  }

  /** Any program as the person, to its end. */
  run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.at.run(program, args, { env: this.env, uid: laptopUid, ...options });
  }

  /** Ends what still runs and removes the folders; the namespace is its maker's. */
  async remove(): Promise<void> {
    for (const run of this.#runs) {
      if (run.child.exitCode === null && run.child.signalCode === null) run.child.kill('SIGKILL');
      await run.code;
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}
