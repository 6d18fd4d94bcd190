import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  generateKeyPair,
  signerOf,
  signRouteGrant,
  type PublicKey,
  type RouteGrantClaims,
  type TokenSigner,
} from '@sallyport/grant-token';
import type { Namespace } from './namespaces.ts';

/** A user of the laptop who may do nothing special. */
export const ordinaryUid = 65_534;
export const anotherOrdinaryUid = 65_533;

const repository = join(import.meta.dirname, '..', '..');
/** Bundles of the tests: in no package's `dist`, which a build that runs meanwhile empties. */
export const bundlesFolder = join(import.meta.dirname, '..', 'dist');
let folders = 0;

/** Removes the folders and bundles of runs whose process is gone: they were killed. */
export function sweepHelperFiles(): void {
  for (const [folder, ours] of [
    ['/run', /^sp-(\d+)-/],
    ['/var/lib', /^sp-(\d+)-/],
    [bundlesFolder, /^for-tests-(\d+)-/],
  ] as const) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      const pid = ours.exec(name)?.[1];
      if (pid !== undefined && !existsSync(`/proc/${pid}`))
        rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

const bundles = new Map<string, Promise<string>>();

/** One file of an entry and all it imports: the tests start many processes, and one file starts five times faster than its sources. */
async function bundled(entry: string): Promise<string> {
  const name = `for-tests-${process.pid}-${bundles.size}.mjs`;
  const outfile = join(bundlesFolder, name);
  const made =
    bundles.get(entry) ??
    build({
      entryPoints: [join(repository, entry)],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      conditions: ['development', 'module', 'node'],
      external: ['koffi'],
      logLevel: 'warning',
    }).then(() => outfile);
  if (!bundles.has(entry)) process.once('exit', () => rmSync(outfile, { force: true }));
  bundles.set(entry, made);
  return made;
}

/** A control plane's signer and the folders of one helper: under /run, since the helper refuses what others may write. */
export class HelperFiles {
  readonly etc: string;
  readonly run: string;
  readonly issuer = 'https://sallyport.test';
  /** What the trust file says. */
  trusted: object = {};
  readonly signer: TokenSigner;
  readonly publicKey: PublicKey;
  readonly #root: string;

  private constructor(signer: TokenSigner, publicKey: PublicKey) {
    this.signer = signer;
    this.publicKey = publicKey;
    folders += 1;
    this.#root = `/run/sp-${process.pid}-helper-${folders}`;
    this.etc = join(this.#root, 'etc');
    this.run = join(this.#root, 'run');
    mkdirSync(this.etc, { recursive: true, mode: 0o755 });
    mkdirSync(this.run, { mode: 0o755 });
    this.trust([publicKey]);
  }

  static async make(): Promise<HelperFiles> {
    sweepHelperFiles();
    const { privateKey, publicKey } = await generateKeyPair();
    return new HelperFiles(await signerOf(privateKey), publicKey);
  }

  /** Writes the keys that the helper obeys. */
  trust(keys: readonly PublicKey[]): void {
    this.trusted = { issuers: [{ issuer: this.issuer, keys }] };
    writeFileSync(join(this.etc, 'trust.json'), JSON.stringify(this.trusted), { mode: 0o644 });
  }

  get socket(): string {
    return join(this.run, 'helper.sock');
  }

  /** A route grant for 10.0.0.0/16, TCP, an hour, unless `claims` says otherwise. */
  async routeGrant(claims: Partial<RouteGrantClaims> = {}, signer = this.signer): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return signRouteGrant(
      {
        iss: this.issuer,
        aud: 'sallyport-helper',
        jti: `rtg_${now}`,
        sub: 'grt_01HXAMPLE0000000000000000A',
        usr: 'usr_1',
        nbf: now - 1,
        exp: now + 3600,
        routes: [{ cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'tcp' }],
        names: [],
        suffixes: [],
        ...claims,
      },
      signer,
    );
  }

  /** Starts the helper in a namespace, as root, from the sources of this clone; resolves when it listens. */
  async start(at: Namespace): Promise<ChildProcess> {
    const program = await bundled('apps/helper/test/serve-from-source.ts');
    const args = [program, '--etc', this.etc, '--run', this.run];
    const helper = at.spawn(process.execPath, args, { env: {} });
    let complaint = '';
    helper.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    const said = once(createInterface({ input: helper.stdout! }), 'line');
    const [line] = (await Promise.race([said, once(helper, 'exit')])) as [unknown];
    if (line !== 'ready') throw new Error(`the helper did not start: ${complaint}`);
    return helper;
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

type Answer = Record<string, unknown>;

/** A client of the helper as a process of some user inside a namespace. */
export class ClientProcess {
  readonly child: ChildProcess;
  /** Packets that came out of the device, and what else was said unasked. */
  readonly packets: { from: string; to: string; proto: number; type: number }[] = [];
  readonly #ended: unknown[] = [];
  readonly #answers: Answer[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(child: ChildProcess) {
    this.child = child;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      if ('packet' in answer) this.packets.push(answer.packet as never);
      else if ('ended' in answer) this.#ended.push(answer.ended);
      else if (!('gone' in answer)) this.#answers.push(answer);
      this.#heard();
    });
    child.once('exit', () => this.#heard());
  }

  static async start(at: Namespace, files: HelperFiles, uid: number): Promise<ClientProcess> {
    const program = await bundled('e2e/harness/helper-client-process.ts');
    const child = at.spawn(process.execPath, [program, files.socket, String(uid)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const client = new ClientProcess(child);
    await client.answer();
    return client;
  }

  async ask(command: object): Promise<Answer> {
    this.child.stdin!.write(`${JSON.stringify(command)}\n`);
    return this.answer();
  }

  async answer(): Promise<Answer> {
    return (await this.#next(this.#answers)) as Answer;
  }

  /** The code with which the helper ended a set. */
  ended(): Promise<unknown> {
    return this.#next(this.#ended);
  }

  #heard(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #next(said: unknown[]): Promise<unknown> {
    while (said.length === 0) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`the client is gone: ${this.child.signalCode ?? this.child.exitCode}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return said.shift();
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

/** What a person sees of a machine's network and names: equal before and after when nothing was left. */
export async function networkOf(space: Namespace): Promise<string> {
  const parts = [
    'ip -br link',
    'ip -br addr',
    'ip rule',
    'ip -6 rule',
    'ip route show table all',
    'ip -6 route show table all',
    'nft list ruleset',
    'cat /etc/hosts',
  ];
  const said = await space.ask('sh', ['-c', parts.join('; ')]);
  // Links give themselves an address of their own a second after they are up, whatever we do.
  return said
    .replaceAll(/^(local |multicast )?(fe80|ff00):.*\n/gm, '')
    .replaceAll(/ fe80:\S+/g, '')
    .replaceAll(/ +$/gm, '');
}

/** Waits until the machine's network is again as it was; gives what stands in the end, to be compared. */
export async function networkAgain(space: Namespace, before: string): Promise<string> {
  const until = Date.now() + 20_000;
  for (;;) {
    const now = await networkOf(space);
    if (now === before || Date.now() > until) return now;
    await new Promise((next) => setTimeout(next, 50));
  }
}
