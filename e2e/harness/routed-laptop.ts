import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { RouterCounters } from '@sallyport/tunnel';
import type { RouterProcessSettings } from '../../libs/tunnel/test/router-process.ts';
import { Namespaces, type Namespace } from './namespaces.ts';

/** Addresses of the server on the wire: what a reach of the tests dials for the addresses that programs use. */
export const onTheWire = { four: '10.2.0.2', six: 'fd02::2' } as const;

/** A laptop with a router on a TUN device, and a server at the other end of a wire, each a namespace of its own. */
export class RoutedLaptop implements AsyncDisposable {
  readonly laptop: Namespace;
  readonly server: Namespace;
  readonly #spaces: Namespaces;
  #router: ChildProcess | undefined;
  #lines: Interface | undefined;

  private constructor(spaces: Namespaces, laptop: Namespace, server: Namespace) {
    this.#spaces = spaces;
    this.laptop = laptop;
    this.server = server;
  }

  static async make(): Promise<RoutedLaptop> {
    const spaces = await Namespaces.make();
    const [laptop, server] = [await spaces.add(), await spaces.add()];
    await spaces.link(
      { at: laptop, device: 'w0', addresses: ['10.2.0.1/24', 'fd02::1/64'] },
      { at: server, device: 'w0', addresses: [`${onTheWire.four}/24`, `${onTheWire.six}/64`] },
    );
    return new RoutedLaptop(spaces, laptop, server);
  }

  /** Starts the router; its reach dials by the wire. */
  async start(settings: RouterProcessSettings): Promise<void> {
    await this.#startProgram('router-process.ts', settings);
  }

  /** Starts the router of a packet filter instead, with rules that send it what is granted. */
  async startFilter(settings: Pick<RouterProcessSettings, 'routes' | 'reach' | 'names'>): Promise<void> {
    await this.#startProgram('filter-router-process.ts', settings);
  }

  async #startProgram(file: string, settings: unknown): Promise<void> {
    const program = join(import.meta.dirname, '../../libs/tunnel/test', file);
    const args = ['--conditions=development', program, JSON.stringify(settings)];
    const router = this.laptop.spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#router = router;
    this.#lines = createInterface({ input: router.stdout! });
    const [line] = (await Promise.race([once(this.#lines, 'line'), once(router, 'exit')])) as [unknown];
    if (typeof line !== 'string') throw new Error('the router did not start');
  }

  /** Says something to the router's process; its counters after that. */
  async tell(asked: {
    readonly what: 'counters' | 'change' | 'close';
    readonly routes?: unknown;
  }): Promise<RouterCounters> {
    const answered = once(this.#lines!, 'line');
    this.#router!.stdin!.write(`${JSON.stringify(asked)}\n`);
    const [line] = (await answered) as [string];
    return JSON.parse(line) as RouterCounters;
  }

  /** Kills the router as a crash would. */
  async kill(): Promise<void> {
    const router = this.#router!;
    const gone = once(router, 'exit');
    router.kill('SIGKILL');
    await gone;
  }

  /** Starts a server program there and waits until its port is open. */
  async serve(program: string, args: readonly string[], port: number, udp = false): Promise<void> {
    const child = this.server.spawn(program, args, { stdio: 'ignore' });
    for (;;) {
      const listed = await this.server.ask('ss', [udp ? '-Hlun' : '-Hltn', `sport = :${port}`]);
      if (listed.length > 0) return;
      if (child.exitCode !== null) throw new Error(`${program} ended`);
      await new Promise((next) => setTimeout(next, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spaces.destroy();
  }
}
