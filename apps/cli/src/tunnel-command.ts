import { Command, Flags, type Config, type Interfaces } from '@oclif/core';
import type { Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { lineDebug, noDebug, type Debug } from './output/debug.ts';
import { Printer } from './output/printer.ts';
import { clean } from './output/text.ts';
import { optionsOf } from './options-of.ts';
import type { Server } from './server/server.ts';
import type { World } from './world.ts';

/** A configuration that carries the world a command runs in. */
export type WorldConfig = Config & { readonly world: World };

/** A positional argument is never read from standard input: that belongs to the person or to CMD. */
export const nameArgument = { required: true, ignoreStdin: true } as const;

/** What every command shares: `--json`, `--debug`, the printer, and the way to the control plane. */
export abstract class TunnelCommand extends Command {
  static override baseFlags: Interfaces.FlagInput = {
    json: Flags.boolean({ description: 'answer with one JSON object on standard output' }),
    debug: Flags.boolean({ description: 'tell on standard error what is sent and received; never a secret' }),
  };
  /** Three lines that work when pasted; `--help` opens with them. */
  static override examples: string[] = [];
  /** How the arguments are written, for `--help`. */
  static override usage: string = '';

  /** The command's work; resolves with the exit code, 0 when nothing is said. */
  abstract work(): Promise<number | void>;

  override async run(): Promise<number> {
    return (await this.work()) ?? 0;
  }

  /** Runs the whole life of the command and resolves with its exit code. */
  async execute(): Promise<number> {
    return (await this._run<number>()) ?? 0;
  }

  // Problems are told once, by `main`.
  override async catch(error: Error): Promise<void> {
    throw error;
  }

  get world(): World {
    return (this.config as WorldConfig).world;
  }

  #printer: Printer | undefined;
  get printer(): Printer {
    return (this.#printer ??= new Printer(this.world, this.#asks('--json')));
  }

  #debug: Debug | undefined;
  get debugLine(): Debug {
    const { clock } = this.world.effects;
    const start = clock.monotonic();
    return (this.#debug ??= this.#asks('--debug')
      ? lineDebug(
          (line) => this.world.stderr.write(line),
          () => clock.monotonic() - start,
        )
      : noDebug);
  }

  /** The control plane, as the person signed in on this machine; refuses with TOKEN_MISSING when nobody is. */
  async server(): Promise<Server> {
    const server = await this.serverIfSignedIn();
    if (!server) throw new Problem('TOKEN_MISSING');
    return server;
  }

  async serverIfSignedIn(): Promise<Server | undefined> {
    const { serverAddress } = await import('./settings/server-address.ts');
    const { readSignIn } = await import('./settings/token-file.ts');
    const address = serverAddress(this.world.env);
    const signIn = await readSignIn(this.world, address);
    if (!signIn) return undefined;
    const server = await this.serverAs(address, signIn.token);
    await this.#finishLeftovers(server);
    await this.#sendRecordings(server);
    if (!this.printer.json) await this.#tellEnds();
    return server;
  }

  /** What killed tunnels left is finished by the next command that speaks with their server. */
  async #finishLeftovers(server: Server): Promise<void> {
    const { anyEntry } = await import('./local/any-entry.ts');
    if (!(await anyEntry(this.world))) return;
    const { finishLeftovers } = await import('./stories/finish-leftovers.ts');
    const finished = await finishLeftovers(this.world, server, this.debugLine);
    if (finished.length > 0 && !this.printer.json)
      this.printer.say(`finished what a killed tunnel left: ${finished.join(', ')}`);
  }

  /** What killed shells had recorded is handed over by the next command that speaks with their server. */
  async #sendRecordings(server: Server): Promise<void> {
    const { anyRecording } = await import('./recording/any-recording.ts');
    if (!(await anyRecording(this.world))) return;
    const { tellLeft } = await import('./recording/tell.ts');
    await tellLeft({ world: this.world, server, printer: this.printer, debug: this.debugLine });
  }

  /** Tells plain ssh, if it was told hosts before, those of now. */
  protected async refreshHosts(server: Server, items?: readonly Resource[]): Promise<void> {
    const { refreshHosts } = await import('./ssh/refresh-hosts.ts');
    const { listResources } = await import('./stories/resources.ts');
    await refreshHosts(
      { world: this.world, debug: this.debugLine },
      () => items ?? listResources(server, []),
    );
  }

  /** Why tunnels of the background ended meanwhile; a program that reads JSON is not told in a person's place. */
  async #tellEnds(): Promise<void> {
    const [{ takeWords }, { sayMoment }] = await Promise.all([
      import('./local/last-words.ts'),
      import('./output/duration.ts'),
    ]);
    for (const { at, code, detail } of await takeWords(this.world))
      this.printer.say(`in the background, ${sayMoment(at)}: ${clean(detail)} (${clean(code)})`);
  }

  async serverAs(address: URL, token: string | undefined): Promise<Server> {
    const { serverAt } = await import('./server/server.ts');
    return serverAt({ address, token, version: this.world.version, debug: this.debugLine });
  }

  #asks(flag: string): boolean {
    return optionsOf(this.argv).includes(flag);
  }
}
