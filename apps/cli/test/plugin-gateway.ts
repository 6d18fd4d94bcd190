import { hash } from 'node:crypto';
import type { Connection, ConnectionSink, SsmSessions, StartedSession, Transport } from '@sallyport/connect';
import type { Effects, TimerHandle } from '@sallyport/effects';
import {
  channelClosedPayload,
  createAgentSession,
  createAgentShell,
  encodeMessage,
  messageTypes,
  type AgentEnd,
  type AgentSession,
  type AgentShell,
  type ShellType,
} from '@sallyport/ssm-protocol';

export const sessionId = 'operator-0123456789abcdef0';

/** What the agent of the session does. */
export interface AgentPlan {
  /** A program, or a port with these properties. */
  readonly runs: ShellType | Readonly<Record<string, string>>;
  readonly agentVersion?: string;
  /** The destination of a port takes connections; left out, it refuses them. */
  readonly destinationTakes?: boolean;
  /** The program has begun: here it writes and exits, or a timer does. */
  readonly begun?: (agent: AgentShell) => void;
  /** What was typed. */
  readonly typed?: (text: string, agent: AgentShell) => void;
}

/** Session Manager, its gateway and one agent in this process, for a session that somebody else has started. */
export class PluginGateway {
  readonly calls: string[] = [];
  /** Sizes that the agent was told. */
  readonly sizes: string[] = [];
  /** The agent neither hears nor says anything; the gateway answers pings. */
  hung = false;
  /** Nothing passes on an open connection, pings included. */
  dark = false;
  /** A connection is neither opened nor refused. */
  mazed = false;
  /** ResumeSession answers that there is no such session. */
  gone = false;
  readonly #effects: Effects;
  readonly #agent: AgentShell | AgentSession;
  #sink: ConnectionSink | undefined;
  #timer: TimerHandle | undefined;

  constructor(effects: Effects, plan: AgentPlan) {
    this.#effects = effects;
    this.#agent = this.#agentOf(plan);
  }

  readonly started: StartedSession = {
    sessionId,
    token: 'token-canary',
    streamUrl: `ws://127.0.0.1:9/v1/data-channel/${sessionId}?role=publish_subscribe`,
  };

  readonly ssm: SsmSessions = {
    start: () => Promise.reject(new Error('was started by somebody else')),
    resume: async () => {
      this.calls.push('ResumeSession');
      return this.gone ? undefined : this.started;
    },
    terminate: async () => {
      this.calls.push('TerminateSession');
    },
  };

  readonly transport: Transport = {
    open: async (_url, _headers, sink, signal) => {
      this.calls.push('open');
      if (this.mazed)
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        );
      this.#sink = sink;
      return this.#connection(sink);
    },
  };

  /** The connection breaks, or is closed by the service with 1000; the session lives. */
  drop(code = 1006): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#agent.disconnected(this.#now);
    setImmediate(() => sink?.closed(code));
  }

  /** The session ends, with these words. */
  end(output: string): void {
    const message = encodeMessage(
      {
        messageType: messageTypes.channelClosed,
        ...{ sequenceNumber: 0, flags: 0, payloadType: 0, createdDate: this.#effects.clock.now() },
        messageId: this.#effects.random.uuid(),
        payload: channelClosedPayload({
          ...{ messageId: '', destinationId: '', sessionId, createdDate: '', output },
        }),
      },
      sha256,
    );
    this.#toClient(message);
  }

  get #now(): number {
    return this.#effects.clock.monotonic();
  }

  #connection(sink: ConnectionSink): Connection {
    const heard = (tell: () => void, byAgent: boolean) =>
      setImmediate(() => this.#sink === sink && !this.dark && !(byAgent && this.hung) && tell());
    return {
      binary: (bytes) => {
        const copy = Uint8Array.from(bytes);
        heard(() => (this.#agent.receive(copy, this.#now), this.#pump()), true);
      },
      text: () => heard(() => (this.#agent.connected('agent-token', this.#now), this.#pump()), true),
      congested: false,
      ping: () => heard(() => sink.heard(), false),
      ...{ pause: () => undefined, resume: () => undefined },
      cut: () => this.#sink === sink && this.drop(),
    };
  }

  #toClient(bytes: Uint8Array): void {
    const [copy, sink] = [Uint8Array.from(bytes), this.#sink];
    setImmediate(() => sink === this.#sink && !this.dark && !this.hung && sink?.message(copy));
  }

  #pump(): void {
    setImmediate(() => {
      this.#agent.pump(this.#now);
      this.#arm();
    });
  }

  #arm(): void {
    const { timers } = this.#effects;
    const at = this.#agent.nextTickAt();
    if (this.#timer) timers.cancel(this.#timer);
    this.#timer = undefined;
    if (at === undefined) return;
    this.#timer = timers.after(Math.max(1, at - this.#now), () => {
      this.#agent.tick(this.#now);
      this.#arm();
    });
  }

  #agentOf({
    runs,
    agentVersion,
    begun,
    typed,
    destinationTakes = false,
  }: AgentPlan): AgentShell | AgentSession {
    const { random, clock } = this.#effects;
    const options = {
      environment: { sha256, uuid: () => random.uuid(), wallTime: () => clock.now() },
      ...{ sessionId, instanceId: 'i-0123456789abcdef0' },
      ...(agentVersion !== undefined && { agentVersion }),
    };
    const sink = {
      frame: (bytes: Uint8Array) => this.#toClient(bytes),
      ...{ text: nothing, readPressure: nothing, discarded: nothing, writable: nothing },
      sendable: () => this.#pump(),
      finished: ({ output }: AgentEnd) => this.end(output),
    };
    if (typeof runs !== 'string') {
      const agent: AgentSession = createAgentSession(
        { ...options, properties: runs },
        {
          ...{ ...sink, data: nothing, end: nothing, ready: nothing },
          dial: (stream) =>
            destinationTakes ? agent.dialed(stream) : agent.dialFailed(stream, 'connection refused'),
        },
      );
      return agent;
    }
    const agent: AgentShell = createAgentShell(
      { ...options, type: runs, separateOutput: runs === 'NonInteractiveCommands' },
      {
        ...sink,
        decryptWanted: nothing,
        ready: () => begun?.(agent),
        resized: ({ cols, rows }) => void this.sizes.push(`${cols}x${rows}`),
        data: (bytes) => typed?.(Buffer.from(bytes).toString(), agent),
      },
    );
    return agent;
  }
}

const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'buffer');
const nothing = () => undefined;
