import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HelperFiles } from './helper-world.ts';
import { InstalledCommand, LaptopOfItsOwn, laptopUid } from './laptop-of-its-own.ts';
import { Namespaces, type Namespace, type Ran } from './namespaces.ts';
import { Product, type ProductOptions } from './product.ts';
import type { Run } from './tunnel.ts';

/** What `connect --json` tells of an open network. */
export interface Opened {
  readonly event: string;
  readonly name: string;
  readonly grantId: string;
  readonly network: {
    readonly via: string;
    readonly way: string;
    readonly device: string | null;
    readonly mtu: number | null;
    readonly cidrs: readonly string[];
    readonly instanceId: string;
    readonly ssmSessionId: string | null;
    readonly proxy: string | null;
    readonly carries: readonly string[];
    readonly excluded: readonly string[];
    readonly dns: string;
    readonly names: readonly { readonly name: string; readonly address: string }[];
  };
}

/** A laptop in a namespace with a helper of its own, which is root there; the person is nobody in particular. */
export class HelpedLaptop {
  readonly at: Namespace;
  readonly laptop: LaptopOfItsOwn;
  readonly helper: HelperFiles;
  #before = '';
  #helping: ChildProcess | undefined;
  readonly #running: Run[] = [];

  private constructor(at: Namespace, laptop: LaptopOfItsOwn, helper: HelperFiles) {
    this.at = at;
    this.laptop = laptop;
    this.helper = helper;
  }

  static async make(product: Product, command: InstalledCommand, at: Namespace): Promise<HelpedLaptop> {
    const { issuer, keys } = (await product.as('engineer').get('/signing-keys')).body as {
      issuer: string;
      keys: never[];
    };
    const helper = await HelperFiles.make();
    writeFileSync(join(helper.etc, 'trust.json'), JSON.stringify({ issuers: [{ issuer, keys }] }));
    const helping = await helper.start(at);
    const laptop = await LaptopOfItsOwn.signedIn(product, command, at);
    laptop.env['TUNNEL_HELPER_SOCKET'] = helper.socket;
    const made = new HelpedLaptop(at, laptop, helper);
    made.#helping = helping;
    made.#before = await made.traces();
    return made;
  }

  /** What {@link traces} said before the first tunnel. */
  get before(): string {
    return this.#before;
  }

  /** Everything that a tunnel could leave in a system: devices, rules, routes, filters, names. */
  async traces(): Promise<string> {
    const asked = [
      ['ip', '-o', 'link'],
      ['ip', 'rule'],
      ['ip', '-6', 'rule'],
      ['ip', 'route', 'show', 'table', 'all'],
      ['nft', 'list', 'ruleset'],
      ['cat', '/etc/hosts', '/etc/resolv.conf'],
    ];
    const told = [];
    for (const [program = '', ...args] of asked) told.push(await this.at.ask(program, args));
    return told.join('\n');
  }

  /** Starts `tunnel connect ... --json`; resolves when every tunnel is open. The run ends with {@link endRuns}. */
  async connected(...args: string[]): Promise<{ run: Run; opened: readonly Opened[] }> {
    const run = this.laptop.tunnel(['connect', ...args, '--json']);
    this.#running.push(run);
    const names = args.filter((word) => /^(?:prod|staging)-/u.test(word));
    for (const name of names) await run.until(new RegExp(`"event":"open"[^\\n]*"name":"${name}"`, 'u'));
    const lines = run.stdout.split('\n').filter(Boolean);
    const opened = lines.map((line) => JSON.parse(line) as Opened).filter(({ event }) => event === 'open');
    return { run, opened };
  }

  /** Takes a run from {@link endRuns}: it goes on beyond this test. */
  keep(run: Run): Run {
    this.#running.splice(this.#running.indexOf(run), 1);
    return run;
  }

  async endRuns(): Promise<void> {
    for (const run of this.#running.splice(0)) {
      run.child.kill('SIGINT');
      await run.code;
    }
  }

  /** Kills the helper as a crash would. {@link startHelper} starts the next one. */
  async killHelper(): Promise<void> {
    const helping = this.#helping!;
    const gone = once(helping, 'exit');
    helping.kill('SIGKILL');
    await gone;
  }

  async startHelper(): Promise<void> {
    this.#helping = await this.helper.start(this.at);
  }

  /** The `tunnel` command to its end, which has to be a good one. */
  async said(...args: string[]): Promise<string> {
    const run = this.laptop.tunnel(args);
    const code = await run.code;
    if (code !== 0) throw new Error(`tunnel ${args.join(' ')} ended with ${code}: ${run.stderr}`);
    return run.stdout;
  }

  /** What the laptop's /etc/hosts says now. */
  get hostsFile(): string {
    return readFileSync(join(this.at.etc, 'hosts'), 'utf8');
  }

  routes(): Promise<string> {
    return this.at.ask('ip', ['route', 'show', 'table', 'all']);
  }

  curl(url: string, ...more: string[]): Promise<Ran> {
    const plain = ['--silent', '--show-error', '--max-time', '40', '--noproxy', '*'];
    return this.laptop.run('curl', [...plain, ...more, url]);
  }

  /** A program in perl that makes raw packets: as the person, with the one right that takes. */
  raw(program: string, ...args: readonly (string | number)[]): Promise<string> {
    const right = ['--inh-caps=+net_raw', '--ambient-caps=+net_raw'];
    const asPerson = ['--reuid', String(laptopUid), '--regid', String(laptopUid), '--clear-groups', ...right];
    return this.at.ask('setpriv', [...asPerson, 'perl', '-e', program, ...args.map(String)]);
  }

  /** The network between this laptop and AWS: resets every connection, or swallows every packet, until it is mended. */
  async cut(product: Product, how: 'reset' | 'silence' = 'reset'): Promise<void> {
    await this.cutPort(new URL(product.installation.awsEndpoint).port, how);
  }

  async cutPort(port: string, how: 'reset' | 'silence' = 'reset'): Promise<void> {
    await this.at.ask('nft', ['add', 'table', 'inet', 'cut']);
    await this.at.ask('nft', [
      'add',
      'chain',
      'inet',
      'cut',
      'o',
      '{ type filter hook output priority 0 ; }',
    ]);
    const verdict = how === 'reset' ? ['reject', 'with', 'tcp', 'reset'] : ['drop'];
    await this.at.ask('nft', ['add', 'rule', 'inet', 'cut', 'o', 'tcp', 'dport', port, ...verdict]);
  }

  async mend(): Promise<void> {
    await this.at.ask('nft', ['delete', 'table', 'inet', 'cut']);
  }

  async remove(): Promise<void> {
    await this.laptop.remove();
    this.helper.remove();
  }
}

/** The started product in the machine's own namespace, and laptops in namespaces of their own. */
export class RoutedProduct {
  readonly product: Product;
  readonly command: InstalledCommand;
  readonly namespaces: Namespaces;
  readonly laptops: readonly HelpedLaptop[];
  readonly #world: { remove(): void };

  private constructor(
    product: Product,
    command: InstalledCommand,
    namespaces: Namespaces,
    laptops: readonly HelpedLaptop[],
    world: { remove(): void },
  ) {
    this.product = product;
    this.command = command;
    this.namespaces = namespaces;
    this.laptops = laptops;
    this.#world = world;
  }

  /** `world` is removed with the product, also when that cannot start. */
  static async start(
    namespaces: Namespaces,
    world: ProductOptions & { remove(): void },
    laptops = 1,
  ): Promise<RoutedProduct> {
    const started: { product?: Product; command?: InstalledCommand } = {};
    try {
      const product = (started.product = await Product.start(world));
      const command = (started.command = new InstalledCommand());
      const made = [];
      for (let left = laptops; left > 0; left--)
        made.push(await HelpedLaptop.make(product, command, await namespaces.add()));
      return new RoutedProduct(product, command, namespaces, made, world);
    } catch (error) {
      await namespaces.destroy();
      started.command?.remove();
      await started.product?.remove();
      world.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    for (const laptop of this.laptops) await laptop.remove();
    await this.namespaces.destroy();
    this.command.remove();
    await this.product.remove();
    this.#world.remove();
  }
}
