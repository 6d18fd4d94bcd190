import type { Effects } from '@sallyport/effects';
import { runOnHost, type CommandEnd } from '../../instances/programs/host-command.ts';
import { accountsOf, lockedAccountsOf, type OsUser } from '../../instances/programs/os-users.ts';
import type { CommandDocument } from '../../world/command-documents.ts';
import type { Instance } from '../../world/world.ts';

/** One command on one instance. */
export interface Invocation {
  readonly commandId: string;
  readonly instance: Instance;
  readonly document: CommandDocument;
  readonly comment: string;
  /** Unix milliseconds. */
  readonly requestedAt: number;
  startedAt?: number;
  endedAt?: number;
  end?: CommandEnd;
}

export interface CommandParts {
  /** The sandbox's own folder. */
  readonly folder: string;
  readonly effects: Effects;
  /** Called for each account that is locked after a command: nothing of it runs on. */
  ended(instance: Instance, user: OsUser): Promise<void>;
}

/** The newest commands that are kept. */
const invocationsMax = 500;

/** Runs commands on emulated instances, one after the other on each, and keeps what they printed. */
export class CommandDesk {
  readonly #parts: CommandParts;
  readonly #invocations: Invocation[] = [];
  readonly #last = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  /** Begins a command, and returns before it has run. */
  send(
    instances: readonly Instance[],
    document: CommandDocument,
    { script, comment }: { readonly script: string; readonly comment: string },
  ): readonly Invocation[] {
    const { clock, random } = this.#parts.effects;
    const commandId = random.uuid();
    const requestedAt = clock.now();
    const begun = instances.map((instance): Invocation => {
      return { commandId, instance, document, comment, requestedAt };
    });
    this.#invocations.push(...begun);
    this.#invocations.splice(0, this.#invocations.length - invocationsMax);
    for (const invocation of begun) {
      const { id } = invocation.instance;
      const before = this.#last.get(id) ?? Promise.resolve();
      this.#last.set(
        id,
        before.then(() => this.#run(invocation, script)),
      );
    }
    return begun;
  }

  /** Those of an account and region, newest first. */
  list(account: string, region: string): readonly Invocation[] {
    const own = this.#invocations.filter(
      ({ instance }) => instance.account === account && instance.region === region,
    );
    return own.reverse();
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#last.values());
  }

  async #run(invocation: Invocation, script: string): Promise<void> {
    const { effects, folder } = this.#parts;
    const { instance } = invocation;
    invocation.startedAt = effects.clock.now();
    try {
      if (this.#closing.signal.aborted) return;
      const end = await runOnHost({ instance, folder, script }, this.#closing.signal);
      const locked = lockedAccountsOf(folder, instance);
      for (const user of accountsOf(folder, instance))
        if (locked.has(user.name)) await this.#parts.ended(instance, user);
      invocation.end = end;
    } catch (error) {
      effects.log.write('warn', 'a command did not run', { id: instance.id, reason: String(error) });
      invocation.end = { code: 1, output: '', errorOutput: 'The command did not run.\n' };
    }
    invocation.endedAt = effects.clock.now();
  }
}
