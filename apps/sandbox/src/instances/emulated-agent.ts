import type { Duplex } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import {
  createAgentSession,
  limits as wireLimits,
  type AgentEnd,
  type AgentSession,
} from '@sallyport/ssm-protocol';
import type { ChannelEnd, Loss } from '../gateway/channel-end.ts';
import { sha256 } from '../gateway/gateway-messages.ts';
import type { SsmSession } from '../gateway/ssm-session.ts';
import { Conversations } from './conversations.ts';
import type { PrivateNetwork } from './private-network.ts';
import { Pump, type Pace } from './pump.ts';
import { substitute } from './substitute.ts';
import { WireTimer } from './wire-timer.ts';

/** What an emulated instance needs to serve sessions. */
export interface AgentParts {
  readonly effects: Effects;
  readonly network: PrivateNetwork;
  readonly pace: Pace;
}

/** Puts the agent of an instance to work on a session, over the same relay that a WebSocket agent would use. */
export function startEmulatedAgent(session: SsmSession, parts: AgentParts): void {
  new EmulatedAgent(session, parts).connect();
}

/** The worker of one session: agent role of the wire, dials into the network map, sends at the agent's pace. */
class EmulatedAgent implements ChannelEnd {
  readonly full = false;
  readonly #session: SsmSession;
  readonly #parts: AgentParts;
  readonly #wire: AgentSession;
  readonly #pump: Pump;
  readonly #conversations: Conversations;
  readonly #host: string;
  readonly #port: number;
  #addresses: readonly string[] = [];
  readonly #timer: WireTimer;
  #end: AgentEnd | undefined;
  #gone = false;

  constructor(session: SsmSession, parts: AgentParts) {
    this.#session = session;
    this.#parts = parts;
    const properties = propertiesOf(session);
    this.#host = properties['host'] ?? 'localhost';
    this.#port = Number(properties['portNumber']);
    this.#timer = new WireTimer(parts.effects, () => this.#wire);
    this.#pump = new Pump(parts.effects, parts.pace, (count) => {
      const sent = this.#wire.pump(this.#now(), count);
      this.#timer.arm();
      return sent;
    });
    this.#conversations = new Conversations(
      () => this.#wire,
      () => this.#timer.arm(),
    );
    const { random, clock } = parts.effects;
    this.#wire = createAgentSession(
      {
        environment: { sha256, uuid: () => random.uuid(), wallTime: () => clock.now() },
        sessionId: session.id,
        instanceId: session.order.instance.id,
        properties,
      },
      {
        frame: (bytes) => session.received('agent', bytes),
        // In this process the relay knows its agent; there is nobody to show a token to.
        text: () => undefined,
        sendable: () => this.#pump.wake(),
        readPressure: (on) => session.pressure('agent', on),
        data: (stream, bytes) => this.#conversations.data(stream, bytes),
        end: (stream) => this.#conversations.ended(stream),
        writable: (stream) => this.#conversations.writable(stream),
        // Not logged: a hostile client would fill the disk with it.
        discarded: () => undefined,
        ready: () => this.#lookUp(),
        dial: (stream) => this.#conversations.begin(stream, this.#dial()),
        finished: (end) => this.#finished(end),
      },
    );
  }

  /** Joins the relay and asks for the handshake. */
  connect(): void {
    this.#session.attach('agent', this);
    this.#wire.connected('in-process', this.#now());
    this.#timer.arm();
  }

  frame(bytes: Uint8Array): void {
    if (this.#gone) return;
    this.#wire.receive(bytes, this.#now());
    this.#timer.arm();
    if (this.#end !== undefined && this.#wire.drained()) this.#complete(this.#end);
  }

  hold(on: boolean): void {
    this.#pump.hold(on);
  }

  /** The gateway took this end away: the session is over. */
  close(): void {
    if (this.#session.over) this.#leave();
  }

  /** A lost socket: the worker comes back at once, as the real one does within its retries. */
  lose(how: Loss): void {
    if (this.#gone) return;
    if (how === 'dark') return this.#leave();
    if (how === 'gone') {
      this.#session.detached('agent', this);
      return this.#leave();
    }
    this.#session.detached('agent', this);
    this.#wire.disconnected(this.#now());
    this.#parts.effects.timers.after(reconnectMs, () => {
      if (!this.#gone) this.connect();
    });
  }

  /** As the agent does after the handshake: all addresses once, refused when any of them is denied. */
  #lookUp(): void {
    this.#addresses = this.#parts.network.resolve(this.#host);
    const denied = this.#parts.network.deniedOf(this.#addresses);
    if (denied !== undefined)
      this.#wire.finish({ status: 'Failed', output: `Forwarding to IP address ${denied} is forbidden.` });
    else if (this.#addresses.length === 0)
      this.#wire.finish({ status: 'Failed', output: `lookup ${this.#host}: no such host` });
  }

  #dial(): Promise<Duplex> {
    return this.#parts.network.dial(this.#addresses, this.#port, this.#session.order.instance.id);
  }

  #finished(end: AgentEnd): void {
    this.#end = end;
    this.#conversations.destroy();
    this.#pump.stop();
    // The real agent waits for its last messages to be acknowledged before it reports the end.
    if (end.status !== 'Success' || this.#session.over || this.#wire.drained()) this.#complete(end);
    else this.#parts.effects.timers.after(wireLimits.lingerMs, () => this.#complete(end));
  }

  #complete({ status, output }: AgentEnd): void {
    if (this.#gone) return;
    this.#leave();
    this.#session.finish({ state: status === 'Failed' ? 'Failed' : 'Terminated', output });
  }

  #leave(): void {
    this.#gone = true;
    this.#conversations.destroy();
    this.#pump.stop();
    this.#timer.stop();
  }

  #now(): number {
    return this.#parts.effects.clock.monotonic();
  }
}

const reconnectMs = 70;

/** The document's properties with parameters and defaults put in, strings only. */
function propertiesOf({ order }: SsmSession): Record<string, string> {
  const { content } = order.document;
  const filled = substitute(content.properties, content.parameters ?? {}, order.parameters);
  if (typeof filled !== 'object' || filled === null) return {};
  return Object.fromEntries(
    Object.entries(filled).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
