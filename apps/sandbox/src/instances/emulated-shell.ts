import type { Effects } from '@sallyport/effects';
import {
  createAgentShell,
  sessionKeyContext,
  type AgentEnd,
  type AgentShell,
  type TerminalSize,
} from '@sallyport/ssm-protocol';
import type { ChannelEnd, Loss } from '../gateway/channel-end.ts';
import { sha256 } from '../gateway/gateway-messages.ts';
import type { SsmSession } from '../gateway/ssm-session.ts';
import { aesGcm } from './programs/aes-gcm.ts';
import type { Program } from './programs/program.ts';
import type { ProgramHouse } from './programs/program-house.ts';
import { commandOf, inputsOf, userOf, type CommandOrder } from './programs/session-order.ts';
import { Pump, type Pace } from './pump.ts';
import { WireTimer } from './wire-timer.ts';

/** What an emulated instance needs to serve shells and commands. */
export interface ShellParts {
  readonly effects: Effects;
  readonly pace: Pace;
  readonly house: ProgramHouse;
}

const reconnectMs = 70;
/** As the official agent writes an error of its own into the output of a task. */
const errorHead = '\n----------ERROR-------\n';
/** Signals that typed bytes are for a program without a terminal. */
const typedSignals = { 0x03: 'SIGINT', 0x1c: 'SIGQUIT', 0x1a: 'SIGTSTP' } as const;

/**
 * Puts the agent of an instance to work on a shell or a command: a real process of this machine behind the agent's role of the wire. It
 * comes once the client is there: the real one takes a second for it, so that a refusal finds somebody to hear it.
 */
export function startEmulatedShell(session: SsmSession, parts: ShellParts): void {
  session.onClient(() => {
    if (session.over) return;
    const ordered = commandOf(session);
    if (typeof ordered === 'string') session.finish({ state: 'Failed', output: errorHead + ordered });
    else new EmulatedShell(session, ordered, parts).connect();
  });
}

class EmulatedShell implements ChannelEnd {
  readonly full = false;
  readonly #session: SsmSession;
  readonly #parts: ShellParts;
  readonly #ordered: CommandOrder;
  readonly #inputs: ReturnType<typeof inputsOf>;
  readonly #wire: AgentShell;
  readonly #pump: Pump;
  readonly #timer: WireTimer;
  #size: TerminalSize = { cols: 80, rows: 24 };
  #program: Program | undefined;
  #log: ReturnType<ProgramHouse['logOf']> | undefined;
  /** What the wire had no room for. */
  readonly #rest: { readonly error: boolean; bytes: Uint8Array }[] = [];
  #exit: number | undefined;
  #gone = false;

  constructor(session: SsmSession, ordered: CommandOrder, parts: ShellParts) {
    this.#session = session;
    this.#parts = parts;
    this.#ordered = ordered;
    this.#inputs = inputsOf(session);
    const { effects, house } = parts;
    this.#timer = new WireTimer(effects, () => this.#wire);
    this.#pump = new Pump(effects, parts.pace, (count) => {
      const sent = this.#wire.pump(this.#now(), count);
      this.#timer.arm();
      return sent;
    });
    const { kmsKeyId } = this.#inputs;
    this.#wire = createAgentShell(
      {
        environment: {
          sha256,
          uuid: () => effects.random.uuid(),
          wallTime: () => effects.clock.now(),
        },
        sessionId: session.id,
        instanceId: session.order.instance.id,
        type: ordered.type,
        separateOutput: ordered.separateOutput,
        ...(kmsKeyId === undefined
          ? {}
          : { kms: { keyId: kmsKeyId, gcm: aesGcm, randomBytes: (length) => house.randomBytes(length) } }),
      },
      {
        frame: (bytes) => session.received('agent', bytes),
        text: () => undefined,
        sendable: () => this.#pump.wake(),
        readPressure: (on) => session.pressure('agent', on),
        discarded: () => undefined,
        writable: () => this.#flush(),
        decryptWanted: ({ ciphertext, challenge }) => this.#decrypt(ciphertext, challenge),
        ready: () => void this.#start(),
        resized: (size) => this.#resized(size),
        data: (bytes) => this.#typed(bytes),
        finished: (end) => void this.#finished(end),
      },
    );
  }

  /** Joins the relay. */
  connect(): void {
    // What is typed waits for the program.
    if (this.#program === undefined) this.#wire.pauseReading();
    this.#session.attach('agent', this);
    this.#wire.connected('in-process', this.#now());
    this.#timer.arm();
  }

  frame(bytes: Uint8Array): void {
    if (this.#gone) return;
    this.#wire.receive(bytes, this.#now());
    this.#timer.arm();
  }

  hold(on: boolean): void {
    this.#pump.hold(on);
  }

  close(): void {
    if (this.#session.over) void this.#leave();
  }

  lose(how: Loss): void {
    if (this.#gone) return;
    if (how === 'dark') return void this.#leave();
    this.#session.detached('agent', this);
    if (how === 'gone') return void this.#leave();
    this.#wire.disconnected(this.#now());
    this.#parts.effects.timers.after(reconnectMs, () => {
      if (!this.#gone) this.connect();
    });
  }

  #decrypt(ciphertext: Uint8Array, challenge: string | undefined): void {
    const { instance, region } = this.#session.order;
    const context = sessionKeyContext({ sessionId: this.#session.id, targetId: instance.id, challenge });
    const keyId = this.#inputs.kmsKeyId ?? '';
    const opened = this.#parts.house.decryptAs(instance, region, { keyId, ciphertext, context });
    if (typeof opened === 'string') this.#wire.dataKeyDenied(`Fetching data key failed: ${opened}`);
    else this.#wire.dataKey(opened, this.#now());
  }

  async #start(): Promise<void> {
    const user = userOf(
      this.#session,
      this.#inputs,
      this.#parts.house.accountsOf(this.#session.order.instance),
    );
    if (typeof user === 'string') return this.#refuse(user);
    const { instance } = this.#session.order;
    this.#log = this.#parts.house.logOf(this.#session, this.#inputs, user.name);
    const terminal = this.#ordered.type !== 'NonInteractiveCommands';
    const { command } = this.#ordered;
    try {
      this.#program = await this.#parts.house.start(
        { instance, user, command, terminal, size: this.#size },
        {
          output: (bytes) => this.#wrote(false, bytes),
          errorOutput: (bytes) => this.#wrote(true, bytes),
          drained: () => this.#wire.resumeReading(),
          ended: (code) => this.#ended(code),
        },
      );
    } catch (error) {
      return this.#refuse(`Failed to start pty: ${String(error)}`);
    }
    if (this.#gone) return void (await this.#program.kill());
    this.#program.resize(this.#size);
    const { shellProfile } = this.#inputs;
    // Typed into the terminal, as the official agent does.
    if (shellProfile !== undefined && terminal) this.#typed(Buffer.from(`${shellProfile}\n`));
    this.#wire.resumeReading();
  }

  #refuse(reason: string): void {
    this.#wire.finish({ status: 'Failed', output: `${errorHead}Unable to start shell: ${reason}` });
  }

  #resized(size: TerminalSize): void {
    this.#size = size;
    this.#program?.resize(size);
  }

  #typed(bytes: Uint8Array): void {
    const program = this.#program;
    if (program === undefined) return;
    if (this.#ordered.type === 'NonInteractiveCommands') {
      const signal = bytes.find((byte) => byte in typedSignals);
      if (signal !== undefined) program.signal(typedSignals[signal as keyof typeof typedSignals]);
      // A view into a frame: it must outlive the write.
    } else if (!program.write(new Uint8Array(bytes))) this.#wire.pauseReading();
  }

  #wrote(error: boolean, bytes: Buffer): void {
    this.#log?.wrote(bytes);
    this.#rest.push({ error, bytes });
    this.#flush();
  }

  /** Offers what the program wrote, and holds the program up while the wire takes no more. */
  #flush(): void {
    while (this.#rest.length > 0) {
      const next = this.#rest[0]!;
      const taken = next.error ? this.#wire.writeError(next.bytes) : this.#wire.write(next.bytes);
      if (taken < next.bytes.length) {
        next.bytes = next.bytes.subarray(taken);
        break;
      }
      this.#rest.shift();
    }
    this.#program?.hold(this.#rest.length > 0);
    if (this.#rest.length === 0 && this.#exit !== undefined) this.#wire.exited(this.#exit, this.#now());
    this.#timer.arm();
  }

  #ended(code: number): void {
    this.#exit = code;
    this.#flush();
  }

  async #finished({ status, output }: AgentEnd): Promise<void> {
    if (this.#gone) return;
    await this.#leave();
    this.#session.finish({ state: status === 'Failed' ? 'Failed' : 'Terminated', output });
  }

  /** Ends the program and delivers its log. */
  async #leave(): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    this.#pump.stop();
    this.#timer.stop();
    await this.#program?.kill();
    await this.#log?.deliver();
  }

  #now(): number {
    return this.#parts.effects.clock.monotonic();
  }
}
