import type { TimerHandle } from '@sallyport/effects';
import { leaveWord } from '../local/last-words.ts';
import type { Debug } from '../output/debug.ts';
import { anyRecording } from '../recording/any-recording.ts';
import { serverAt } from '../server/server.ts';
import { readSignIn } from '../settings/token-file.ts';
import type { World } from '../world.ts';

/** How often it is looked for what killed sessions recorded: a look into one folder. */
const everyMs = 60_000;

/**
 * Hands over what killed sessions of this person recorded, for as long as the background process lives: at its start and once a minute. Each control plane is reached as the
 * latest terminal that wished for a tunnel there reaches it; one that nobody is signed in to is left alone. A refusal is told by the next command.
 */
export class LeftRecordings {
  readonly #world: World;
  readonly #note: Debug;
  /** By origin: the world whose proxies lead there. */
  readonly #worlds = new Map<string, World>();
  readonly #timer: TimerHandle;
  #round: Promise<void> | undefined;

  constructor(world: World, note: Debug) {
    this.#world = world;
    this.#note = note;
    this.#timer = world.effects.timers.every(everyMs, () => this.#look());
    this.#look();
  }

  /** From now on this control plane is reached as that world reaches it. */
  reachedAs(origin: string, world: World): void {
    this.#worlds.set(origin, world);
  }

  /** Looks no more, and lets a round that is under way be; what it does not get done the next command does. */
  stop(): void {
    this.#world.effects.timers.cancel(this.#timer);
  }

  #look(): void {
    this.#round ??= this.#sendAll()
      .catch((error: unknown) =>
        this.#note('recording', { failed: (error as { code?: string }).code ?? 'unknown' }),
      )
      .finally(() => (this.#round = undefined));
  }

  async #sendAll(): Promise<void> {
    if (!(await anyRecording(this.#world))) return;
    const [{ allHeads }, { sendLeft }, { sentText, keptDetail }] = await Promise.all([
      import('../recording/spool.ts'),
      import('../recording/hand-over.ts'),
      import('../recording/tell.ts'),
    ]);
    const origins = (await allHeads(this.#world))
      .map(({ server }) => server)
      .filter((server) => URL.canParse(server));
    for (const origin of new Set(origins)) {
      const world = this.#worlds.get(origin) ?? this.#world;
      const address = new URL(origin);
      const signIn = await readSignIn(world, address);
      if (!signIn) continue;
      const debug: Debug = (happening, fields) =>
        void (happening === 'http' || this.#note(happening, fields));
      const server = serverAt({
        address,
        token: signIn.token,
        version: world.version,
        debug,
        env: world.env,
      });
      await sendLeft(world, server, debug, {
        sent: (handed) => this.#note('recording', { told: sentText(handed) }),
        kept: (head, problem) => {
          const at = new Date(world.effects.clock.now()).toISOString();
          const { code } = problem;
          const word = { name: head.name, at, code, detail: keptDetail(head, problem.detail) };
          void leaveWord(this.#world, word).catch(() => this.#note('unsaid', { name: head.name, code }));
        },
      });
    }
  }
}
