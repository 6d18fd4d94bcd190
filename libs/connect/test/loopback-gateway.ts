import { hash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import {
  channelClosedPayload,
  createAgentSession,
  encodeMessage,
  messageTypes,
  payloadTypes,
  type AgentSession,
  type StreamId,
} from '@sallyport/ssm-protocol';
import type { ConnectionSink, SsmSessions, StartedSession, Transport } from '../src/index.ts';
import type { Lease } from '../src/control-plane.ts';

/**
 * Session Manager, its gateway and an agent in one process: an SSM port and a transport whose frames go to the agent role of the protocol
 * library, which dials a real local TCP port. Sessions can be lost, closed and refused from outside.
 */
export class LoopbackGateway {
  readonly calls: string[] = [];
  /** What the next calls answer with instead. */
  readonly failures: { start?: Problem; resume?: Problem | 'gone'; open?: Problem } = {};
  streamUrl = (sessionId: string) => `ws://127.0.0.1:9/v1/data-channel/${sessionId}?role=publish_subscribe`;
  /** While true the client's frames and pings are swallowed: a peer that is dead without a word. */
  silent = false;
  /** While true the client's socket has more waiting to leave than is sensible. */
  congested = false;
  /** How often the client looked whether it is so, and found it so. */
  congestionsMet = 0;
  /** While true nothing reaches the agents and nothing comes from them; pings are answered by the gateway still. */
  agentsDead = false;
  /** Instances whose agents are dead for ever. */
  readonly deadInstances = new Set<string>();
  /** Instances for which StartSession answers that they are not connected. */
  readonly offline = new Set<string>();
  /** While true no connection is opened, none answers, and no call to AWS is answered: the network is cut. */
  cut = false;
  /** While true a connection is neither opened nor refused: a proxy that never answers. */
  mazed = false;
  /** While true each connection breaks in the same breath in which its session is ready. */
  dropsAtOnce = false;
  /** Ids of sessions that were terminated by call. */
  readonly terminated: string[] = [];
  /** Answers StartSession only when this is done. */
  startsAfter: Promise<unknown> = Promise.resolve();
  /** Answers TerminateSession only when this is done. */
  terminatesAfter: Promise<unknown> = Promise.resolve();
  readonly #sessions = new Map<string, AgentEnd>();
  readonly #effects: Effects;
  readonly #target: number;
  #count = 0;

  /** Documents without `type`: sessions carry one connection, and no multiplexer. */
  oneConnection = false;

  constructor(effects: Effects, targetPort: number) {
    this.#effects = effects;
    this.#target = targetPort;
  }

  readonly ssm: SsmSessions = {
    start: async (lease: Lease): Promise<StartedSession> => {
      this.calls.push(`StartSession ${lease.id}`);
      if (this.cut) throw new Problem('SSM_UNREACHABLE');
      await this.startsAfter;
      if (this.offline.has(lease.instanceId)) throw new Problem('SSM_TARGET_OFFLINE');
      if (this.failures.start) throw this.failures.start;
      const sessionId = `jit-${lease.grantId}-${String(++this.#count).padStart(17, '0')}`;
      const dead = () => this.agentsDead || this.deadInstances.has(lease.instanceId);
      this.#sessions.set(
        sessionId,
        new AgentEnd(
          this.#effects,
          { sessionId, targetPort: this.#target, oneConnection: this.oneConnection },
          dead,
        ),
      );
      return { sessionId, token: `token-of-${sessionId}`, streamUrl: this.streamUrl(sessionId) };
    },
    resume: async (lease, _endpoint, sessionId) => {
      this.calls.push(`ResumeSession ${lease.id}`);
      if (this.cut) throw new Problem('SSM_UNREACHABLE');
      if (this.failures.resume === 'gone' || !this.#sessions.has(sessionId)) return undefined;
      if (this.failures.resume) throw this.failures.resume;
      return { sessionId, token: `token-of-${sessionId}`, streamUrl: this.streamUrl(sessionId) };
    },
    terminate: async (_lease, _endpoint, sessionId) => {
      this.calls.push('TerminateSession');
      await this.terminatesAfter;
      this.terminated.push(sessionId);
      this.close(sessionId);
    },
  };

  readonly transport: Transport = {
    open: async (url, headers, sink, signal) => {
      this.calls.push(`open ${headers['authorization'] ? 'signed' : 'unsigned'}`);
      if (this.mazed)
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        );
      if (this.failures.open) throw this.failures.open;
      if (this.cut) throw new Problem('SSM_UNREACHABLE');
      const agent = this.#sessions.get(url.pathname.split('/').at(-1) ?? '');
      if (!agent) throw new Problem('CHANNEL_REFUSED');
      return agent.attach(
        sink,
        () => this.silent || this.cut,
        () => this.congested && ++this.congestionsMet > 0,
        () => this.dropsAtOnce,
      );
    },
  };

  get sessionIds(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  /** The WebSocket breaks, or is closed by the service with 1000; the session lives. */
  drop(sessionId = this.sessionIds.at(-1) ?? '', code = 1006): void {
    this.#sessions.get(sessionId)?.drop(code);
  }

  /** The present connections become black holes: open, but nothing passes, pings included. New ones work. */
  mute(): void {
    for (const agent of this.#sessions.values()) agent.mute();
  }

  /** Connections that the agent of a session has open to the resource. */
  connections(sessionId: string): number {
    return this.#sessions.get(sessionId)?.connections ?? 0;
  }

  /** The service ends the session: TerminateSession, idle timer. */
  close(sessionId = this.sessionIds.at(-1) ?? ''): void {
    this.#sessions.get(sessionId)?.end();
    this.#sessions.delete(sessionId);
  }
}

/** Where a message tells the type of its payload. */
const payloadTypeAt = 112;

/** One session's agent, and the client's connection to it. */
class AgentEnd {
  readonly #agent: AgentSession;
  readonly #effects: Effects;
  readonly #targets = new Map<StreamId, Socket>();
  readonly #rests = new Map<StreamId, Buffer>();
  /** What the client has paused, and what came for it meanwhile. */
  #paused: Buffer[] | undefined;
  readonly #sessionId: string;
  #sink: ConnectionSink | undefined;
  #silent: () => boolean = () => false;
  #dropsAtOnce: () => boolean = () => false;
  #muted: ConnectionSink | undefined;
  #timer: object | undefined;
  readonly #dead: () => boolean;

  constructor(
    effects: Effects,
    {
      sessionId,
      targetPort,
      oneConnection,
    }: { sessionId: string; targetPort: number; oneConnection: boolean },
    dead: () => boolean,
  ) {
    this.#effects = effects;
    this.#dead = dead;
    this.#sessionId = sessionId;
    const { random, clock } = effects;
    this.#agent = createAgentSession(
      {
        environment: {
          sha256: (bytes) => hash('sha256', bytes, 'buffer'),
          uuid: () => random.uuid(),
          wallTime: () => clock.now(),
        },
        sessionId,
        instanceId: 'i-0123456789abcdef0',
        properties: {
          host: 'db.internal',
          portNumber: '5432',
          ...(oneConnection ? {} : { type: 'LocalPortForwarding', localPortNumber: '0' }),
        },
      },
      {
        frame: (bytes) => this.#toClient(bytes),
        text: () => undefined,
        sendable: () => setImmediate(() => (this.#agent.pump(this.now), this.#arm())),
        readPressure: () => undefined,
        data: (stream, bytes) => void this.#targets.get(stream)?.write(bytes),
        end: (stream) => void this.#targets.get(stream)?.destroySoon(),
        writable: (stream) => this.#writable(stream),
        discarded: () => undefined,
        ready: () => undefined,
        dial: (stream) => this.#dial(stream, targetPort),
        finished: () => this.end(),
      },
    );
  }

  get now(): number {
    return this.#effects.clock.monotonic();
  }

  attach(sink: ConnectionSink, silent: () => boolean, congested: () => boolean, dropsAtOnce: () => boolean) {
    this.#sink = sink;
    this.#dropsAtOnce = dropsAtOnce;
    this.#paused = undefined;
    this.#silent = silent;
    const gone = () => this.#sink !== sink || this.#muted === sink || silent();
    return {
      binary: (bytes: Uint8Array) => {
        const copy = Uint8Array.from(bytes);
        setImmediate(() => !gone() && !this.#dead() && (this.#agent.receive(copy, this.now), this.#arm()));
      },
      text: () =>
        setImmediate(
          () => !gone() && !this.#dead() && (this.#agent.connected('agent-token', this.now), this.#arm()),
        ),
      get congested() {
        return congested();
      },
      ping: () => setImmediate(() => !gone() && sink.heard()),
      pause: () => void (this.#paused ??= []),
      resume: () => {
        const waited = this.#paused ?? [];
        this.#paused = undefined;
        for (const frame of waited) this.#pass(sink, frame);
      },
      cut: () => this.#sink === sink && this.drop(),
    };
  }

  get connections(): number {
    return [...this.#targets.values()].filter(({ destroyed }) => !destroyed).length;
  }

  mute(): void {
    this.#muted = this.#sink;
  }

  drop(code = 1006): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#agent.disconnected(this.now);
    setImmediate(() => sink?.closed(code));
  }

  end(): void {
    for (const socket of this.#targets.values()) socket.destroy();
    if (this.#timer) this.#effects.timers.cancel(this.#timer);
    this.#toClient(channelClosed(this.#sessionId, this.#effects));
    this.#sink = undefined;
  }

  #toClient(bytes: Uint8Array): void {
    const sink = this.#sink;
    if (sink) this.#pass(sink, Buffer.from(bytes));
  }

  #pass(sink: ConnectionSink, frame: Buffer): void {
    setImmediate(() => {
      if (this.#silent() || this.#dead() || sink === this.#muted) return;
      if (this.#paused && sink === this.#sink) this.#paused.push(frame);
      else sink.message(frame);
      if (!this.#dropsAtOnce() || frame.readUInt32BE(payloadTypeAt) !== payloadTypes.handshakeComplete)
        return;
      this.#sink = undefined;
      this.#agent.disconnected(this.now);
      sink.closed(1006);
    });
  }

  #dial(stream: StreamId, port: number): void {
    const socket = connect(port, '127.0.0.1');
    this.#targets.set(stream, socket);
    socket.on('close', () => this.#targets.delete(stream));
    socket.on('connect', () => (this.#agent.dialed(stream), this.#arm()));
    socket.on('data', (bytes: Buffer) => {
      this.#up(stream, socket, bytes);
      this.#arm();
    });
    socket.on('end', () => (this.#agent.end(stream), this.#arm()));
    socket.on('error', () => (this.#agent.dialFailed(stream, 'refused'), this.#arm()));
  }

  /** What the session has no room for waits, and so does the target. */
  #up(stream: StreamId, socket: Socket, bytes: Buffer): void {
    const taken = this.#agent.write(stream, bytes);
    if (taken === bytes.length) return;
    this.#rests.set(stream, bytes.subarray(taken));
    socket.pause();
  }

  #writable(stream: StreamId): void {
    const socket = this.#targets.get(stream);
    const rest = this.#rests.get(stream);
    this.#rests.delete(stream);
    if (!socket) return;
    if (rest) this.#up(stream, socket, rest);
    if (!this.#rests.has(stream)) socket.resume();
  }

  #arm(): void {
    const at = this.#agent.nextTickAt();
    if (this.#timer) this.#effects.timers.cancel(this.#timer);
    this.#timer = undefined;
    if (at === undefined) return;
    this.#timer = this.#effects.timers.after(
      Math.max(1, at - this.now),
      () => (this.#agent.tick(this.now), this.#arm()),
    );
  }
}

function channelClosed(sessionId: string, { clock, random }: Effects): Uint8Array {
  const createdDate = new Date(clock.now()).toISOString();
  return encodeMessage(
    {
      messageType: messageTypes.channelClosed,
      createdDate: clock.now(),
      sequenceNumber: 0,
      flags: 0,
      messageId: random.uuid(),
      payloadType: 0,
      payload: channelClosedPayload({
        messageId: random.uuid(),
        destinationId: '',
        sessionId,
        createdDate,
        output: '',
      }),
    },
    (bytes) => hash('sha256', bytes, 'buffer'),
  );
}
