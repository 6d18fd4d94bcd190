import { sessionKeyContext, type KmsRequest } from '../channel/encryption-bodies.ts';
import type { SessionEncryption } from '../encryption/session-cipher.ts';
import type { WireEnvironment } from '../environment.ts';
import type { WireReason } from '../errors.ts';
import { channelClosedPayload, type TerminalSize } from '../message/bodies.ts';
import { parseMessage } from '../message/decode.ts';
import { encodeMessage } from '../message/encode.ts';
import { messageTypes } from '../message/message-type.ts';
import { createAgentShell } from '../session/agent-shell.ts';
import { createClientShell } from '../session/client-shell.ts';
import type { AgentEnd } from '../session/contract.ts';
import type {
  AgentShell,
  ClientShell,
  ClientShellEnd,
  ClientShellReady,
  ShellType,
} from '../session/shell-contract.ts';
import { joinBytes, type LinkFaults } from './simulated-pair.ts';

export interface SimulatedShellOptions {
  readonly sha256: WireEnvironment['sha256'];
  /** Chance in [0, 1), seeded. */
  readonly random: () => number;
  readonly type: ShellType;
  readonly separateOutput?: boolean;
  readonly faults?: LinkFaults;
  readonly oneWayMs?: number;
  /** Encrypts; the data key is made here and both ends are given it. */
  readonly encryption?: SessionEncryption;
  readonly demandsEncryption?: boolean;
  readonly mayBeSilent?: boolean;
  /** The agent asks for encryption; default when there is `encryption`. */
  readonly agentEncrypts?: boolean;
  /** What KMS answers the two ends, instead of the key. */
  readonly kmsRefuses?: 'client' | 'agent';
  /** A frame on its way may be changed, as by a gateway that is not to be trusted. Undefined: swallowed. */
  readonly gateway?: (from: 'client' | 'agent', frame: Uint8Array) => Uint8Array | undefined;
}

interface Flight {
  readonly at: number;
  readonly order: number;
  readonly to: 'client' | 'agent';
  readonly frame: Uint8Array;
}

const sessionId = 'someone-0123456789abcdef0';
const instanceId = 'i-0123456789abcdef0';

/** A client and an agent of a shell, joined by a path that loses, repeats and delays frames, in simulated time. */
export class SimulatedShell {
  readonly client: ClientShell;
  readonly agent: AgentShell;
  readonly output: Uint8Array[] = [];
  readonly errorOutput: Uint8Array[] = [];
  readonly typed: Uint8Array[] = [];
  readonly sizes: TerminalSize[] = [];
  readonly exits: number[] = [];
  readonly discarded: { readonly client: WireReason[]; readonly agent: WireReason[] } = {
    client: [],
    agent: [],
  };
  /** Encryption contexts that KMS was called with, by either end. */
  readonly contexts: Readonly<Record<string, string>>[] = [];
  ready: ClientShellReady | undefined;
  started = false;
  closed: ClientShellEnd | undefined;
  finished: AgentEnd | undefined;
  /** Messages that nobody had acknowledged when the agent left. */
  leftBehind = 0;
  /** Whether frames pass; false is a cut cable. */
  linked = true;
  now = 0;
  readonly #options: SimulatedShellOptions;
  readonly #sendable = { client: false, agent: false };
  readonly #toWrite = { client: [] as Uint8Array[], agent: [] as Uint8Array[], errors: [] as Uint8Array[] };
  #exitAfter: number | undefined;
  #flights: Flight[] = [];
  #order = 0;

  constructor(options: SimulatedShellOptions) {
    this.#options = options;
    const { encryption, agentEncrypts = encryption !== undefined } = options;
    this.client = createClientShell(
      {
        environment: this.#environment(),
        encryption,
        demandsEncryption: options.demandsEncryption,
        mayBeSilent: options.mayBeSilent,
        handshakeTimeoutMs: 120_000,
      },
      {
        ...this.#sink('client'),
        writable: () => this.#flush(),
        dataKeyWanted: (request) => this.#dataKey(request),
        ready: (info) => (this.ready = info),
        output: (bytes) => void this.output.push(bytes.slice()),
        errorOutput: (bytes) => void this.errorOutput.push(bytes.slice()),
        exit: (code) => void this.exits.push(code),
        closed: (end) => (this.closed = end),
      },
    );
    this.agent = createAgentShell(
      {
        environment: this.#environment(),
        sessionId,
        instanceId,
        type: options.type,
        separateOutput: options.separateOutput,
        kms: agentEncrypts && encryption !== undefined ? { ...encryption, keyId: 'alias/shells' } : undefined,
      },
      {
        ...this.#sink('agent'),
        writable: () => this.#flush(),
        decryptWanted: ({ ciphertext, challenge }) => {
          this.contexts.push(sessionKeyContext({ sessionId, targetId: instanceId, challenge }));
          if (options.kmsRefuses === 'agent') this.agent.dataKeyDenied('kms:Decrypt was denied.');
          else this.agent.dataKey(ciphertext.slice(0, 64), this.now);
        },
        ready: () => (this.started = true),
        resized: (size) => void this.sizes.push(size),
        data: (bytes) => void this.typed.push(bytes.slice()),
        finished: (end) => this.#agentFinished(end),
      },
    );
  }

  #dataKey(request: KmsRequest): void {
    this.contexts.push(sessionKeyContext({ sessionId, targetId: instanceId, challenge: request.challenge }));
    if (this.#options.kmsRefuses === 'client') {
      this.client.dataKeyDenied('kms:GenerateDataKey was denied.', this.now);
      return;
    }
    const plaintext = this.#options.encryption!.randomBytes(64);
    // This KMS does not encrypt: the ciphertext is the key, with something behind it.
    this.client.dataKey({ plaintext, ciphertext: joinBytes([plaintext, Uint8Array.of(1, 2)]) }, this.now);
  }

  #agentFinished(end: AgentEnd): void {
    this.finished = end;
    this.leftBehind = this.agent.stats.unacknowledged;
    const payload = channelClosedPayload({
      messageId: '00000000-0000-4000-8000-000000000001',
      destinationId: instanceId,
      sessionId,
      createdDate: '2026-11-22T00:00:00.000Z',
      output: end.output,
    });
    const frame = encodeMessage(
      {
        messageType: messageTypes.channelClosed,
        createdDate: 1_700_000_000_000,
        sequenceNumber: 0,
        flags: 3,
        messageId: '00000000-0000-4000-8000-000000000002',
        payloadType: 0,
        payload,
      },
      this.#options.sha256,
    );
    // From the service, not over the faulty path.
    this.#insert({ at: this.now + 1000, order: this.#order++, to: 'client', frame });
  }

  /** Connects both sockets. */
  connect(): this {
    this.client.connected('client-token', this.now);
    this.agent.connected('agent-token', this.now);
    return this;
  }

  /** Everything is written, as room allows. */
  type(bytes: Uint8Array): void {
    this.#toWrite.client.push(bytes);
    this.#flush();
  }

  print(bytes: Uint8Array): void {
    this.#toWrite.agent.push(bytes);
    this.#flush();
  }

  printError(bytes: Uint8Array): void {
    this.#toWrite.errors.push(bytes);
    this.#flush();
  }

  /** The program ends when all that it printed was taken. */
  exit(code: number): void {
    this.#exitAfter = code;
    this.#flush();
  }

  #flush(): void {
    const { client, agent, errors } = this.#toWrite;
    offer(client, (bytes) => this.client.write(bytes));
    offer(agent, (bytes) => this.agent.write(bytes));
    offer(errors, (bytes) => this.agent.writeError(bytes));
    if (this.#exitAfter === undefined || agent.length + errors.length > 0) return;
    const code = this.#exitAfter;
    this.#exitAfter = undefined;
    this.agent.exited(code, this.now);
  }

  /** Both sockets break; they are there again at once, and all that was under way is lost. */
  cut(): void {
    this.client.disconnected(this.now);
    this.agent.disconnected(this.now);
    this.#flights = this.#flights.filter(({ frame }) => isClosed(frame));
    this.connect();
  }

  /** Runs until `done`, or for `forMs` at most. True when it was done. */
  runUntil(done: () => boolean, forMs: number): boolean {
    const end = this.now + forMs;
    for (;;) {
      this.#pump();
      if (done()) return true;
      const times = [this.client.nextTickAt(), this.agent.nextTickAt(), this.#flights[0]?.at];
      const next = Math.min(...times.filter((time) => time !== undefined));
      if (!(next <= end)) {
        this.now = end;
        return false;
      }
      this.now = Math.max(this.now, next);
      while (this.#flights.length > 0 && this.#flights[0]!.at <= this.now) {
        const { to, frame } = this.#flights.shift()!;
        if (this.linked || isClosed(frame)) this[to].receive(frame.slice(), this.now);
      }
      this.client.tick(this.now);
      this.agent.tick(this.now);
    }
  }

  #pump(): void {
    while (this.#sendable.client || this.#sendable.agent) {
      for (const side of ['client', 'agent'] as const) {
        if (!this.#sendable[side]) continue;
        this.#sendable[side] = false;
        this[side].pump(this.now);
      }
    }
  }

  #put(from: 'client' | 'agent', frame: Uint8Array): void {
    const { faults = {}, random, oneWayMs = 5, gateway } = this.#options;
    const parsed = parseMessage(frame);
    if (parsed.ok && parsed.message.messageType === messageTypes.agentSessionState) return;
    if (!this.linked || random() < (faults.drop ?? 0)) return;
    const passed = gateway === undefined ? frame : gateway(from, frame);
    if (passed === undefined) return;
    const to = from === 'client' ? 'agent' : 'client';
    const copies = random() < (faults.duplicate ?? 0) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const held = random() < (faults.reorder ?? 0) ? random() * (faults.reorderMs ?? 50) : 0;
      this.#insert({ at: this.now + oneWayMs + held, order: this.#order++, to, frame: passed });
    }
  }

  #insert(flight: Flight): void {
    let at = this.#flights.length;
    while (at > 0 && this.#flights[at - 1]!.at > flight.at) at -= 1;
    this.#flights.splice(at, 0, flight);
  }

  #sink(side: 'client' | 'agent') {
    return {
      frame: (bytes: Uint8Array) => this.#put(side, bytes),
      text: () => undefined,
      sendable: () => (this.#sendable[side] = true),
      readPressure: () => undefined,
      discarded: (reason: WireReason) => void this.discarded[side].push(reason),
    };
  }

  #environment(): WireEnvironment {
    let ids = 0;
    return {
      sha256: this.#options.sha256,
      uuid: () => `00000000-0000-4000-8000-${(ids += 0x1_0000_0000).toString(16).padStart(12, '0')}`,
      wallTime: () => 1_700_000_000_000 + this.now,
    };
  }
}

/** Hands chunks over as long as they are taken. */
function offer(chunks: Uint8Array[], write: (bytes: Uint8Array) => number): void {
  while (chunks.length > 0) {
    const taken = write(chunks[0]!);
    if (taken < chunks[0]!.length) {
      chunks[0] = chunks[0]!.subarray(taken);
      return;
    }
    chunks.shift();
  }
}

function isClosed(frame: Uint8Array): boolean {
  const parsed = parseMessage(frame);
  return parsed.ok && parsed.message.messageType === messageTypes.channelClosed;
}
