import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createAgentSession,
  createClientSession,
  type AgentEnd,
  type AgentSession,
  type ClientEnd,
  type ClientSession,
  type PortProperties,
  type SessionSink,
} from '../src/index.ts';
import {
  connectionsOf,
  DirectionRecord,
  gatewayFrames,
  joinBytes,
  readTranscript,
  recordOf,
  stepsOf,
  toHex,
  type Content,
  type Transcript,
} from '../src/testing/index.ts';
import { acknowledgement, environment } from './acknowledgement.ts';
import { sha256 } from './crypto.ts';

const names = [
  '02-port-mux',
  '03-port-mux-parallel',
  '05-remote-host',
  '06-remote-host-denied',
  '12-terminate',
];

function load(name: string): Transcript {
  return readTranscript(readFileSync(new URL(`../transcripts/${name}.jsonl`, import.meta.url), 'utf8'));
}

const quiet: SessionSink = {
  frame: () => undefined,
  text: () => undefined,
  sendable: () => undefined,
  readPressure: () => undefined,
  data: () => undefined,
  end: () => undefined,
  writable: () => undefined,
  discarded: () => undefined,
};

/** Compares bytes with what a recording says of them. */
function expectContent(bytes: Uint8Array, content: Content): void {
  if ('hex' in content) expect(toHex(bytes)).toBe(content.hex);
  else expect({ length: bytes.length, sha256: toHex(sha256(bytes)) }).toEqual(content);
}

/** The properties that the recorded agent asked for. */
function propertiesOf(transcript: Transcript): PortProperties {
  const [request] = recordOf(transcript, 'agent').handshake;
  const [action] = request!.body['RequestedClientActions'] as {
    ActionParameters: { Properties: PortProperties };
  }[];
  return action!.ActionParameters.Properties;
}

/** Plays the recorded official client against our agent; the destinations do what the recorded ones did. */
class AgentUnderTest {
  readonly record = new DirectionRecord('agent');
  readonly received: Uint8Array[][] = [];
  readonly dialled: number[] = [];
  finished: AgentEnd | undefined;
  readonly session: AgentSession;
  readonly #transcript: Transcript;
  #queue: Uint8Array[] = [];

  constructor(transcript: Transcript) {
    this.#transcript = transcript;
    this.session = createAgentSession(
      {
        environment,
        sessionId: transcript.metadata.session,
        instanceId: 'mi-0123456789abcdef0',
        properties: propertiesOf(transcript),
        agentVersion: '3.3.0.0',
      },
      {
        ...quiet,
        frame: (frame) => {
          this.record.add(frame);
          const ack = acknowledgement(frame);
          if (ack !== undefined) this.#queue.push(ack);
        },
        ready: () => {
          // The real agent learns that a destination is forbidden right after the handshake.
          const denied = transcript.metadata.scenario === '06-remote-host-denied';
          if (denied) this.session.finish({ status: 'Failed', output: deniedText });
        },
        dial: (stream) => {
          this.dialled.push(stream);
          this.received.push([]);
          this.session.dialed(stream);
        },
        data: (stream, bytes) => {
          this.received[this.dialled.indexOf(stream)]!.push(new Uint8Array(bytes));
        },
        finished: (end) => (this.finished = end),
      },
    );
  }

  /** Runs the whole recording; returns the steps that never became due. */
  play(): number {
    const steps = [...stepsOf(this.#transcript, 'client')].filter(({ kind }) => kind === 'frame');
    const closing = gatewayFrames(this.#transcript, 'agent');
    this.session.connected('TOKEN', 0);
    while (steps.length > 0 && this.record.covers(steps[0]!.after)) {
      this.#receive(steps.shift()!.frame);
      this.#destinations();
    }
    for (const { frame } of closing) this.#receive(frame);
    return steps.length;
  }

  #receive(frame: Uint8Array): void {
    this.session.receive(frame, 1);
    this.#settle();
  }

  #settle(): void {
    for (let ack = this.#queue.shift(); ack !== undefined; ack = this.#queue.shift()) {
      this.session.receive(ack, 1);
    }
  }

  readonly #acted = new Map<number, number>();

  #destinations(): void {
    for (const [index, connection] of connectionsOf(this.#transcript).entries()) {
      const stream = this.dialled[index];
      if (stream === undefined) continue;
      const acts = connection.destination.filter(({ kind }) => kind === 'send');
      const have = joinBytes(this.received[index]!).length;
      let done = this.#acted.get(index) ?? 0;
      for (let act = acts[done]; act !== undefined && act.afterReceived <= have; act = acts[done]) {
        expect(this.session.write(stream, act.bytes)).toBe(act.bytes.length);
        done += 1;
      }
      this.#acted.set(index, done);
    }
    this.session.pump(1);
    this.#settle();
  }
}

const deniedText = 'Forwarding to IP address 169.254.169.254 is forbidden.';

describe.each(names)('the official client of %s against our agent', (name) => {
  const transcript = load(name);
  const agent = new AgentUnderTest(transcript);
  const left = agent.play();
  const official = recordOf(transcript, 'agent');

  it('is served to its last frame', () => {
    expect(left).toBe(0);
    expect(agent.record.violations).toEqual([]);
  });

  it('sees the handshake of the official agent', () => {
    expect(agent.record.handshake.map(({ type }) => type)).toEqual(
      official.handshake.map(({ type }) => type),
    );
    expect(agent.record.handshake[0]!.body).toEqual(official.handshake[0]!.body);
    expect(Object.keys(agent.record.handshake[1]!.body)).toEqual(Object.keys(official.handshake[1]!.body));
  });

  it('has every stream message acknowledged', () => {
    const inputs = stepsOf(transcript, 'client').filter(({ kind }) => kind === 'frame').length;
    expect(agent.record.acknowledged).toEqual(Array.from({ length: inputs }, (_, number) => number));
  });

  it('exchanges the recorded bytes on every connection', () => {
    for (const [index, { name: conn }] of connectionsOf(transcript).entries()) {
      const { sent, received } = transcript.metadata.destination[conn]!;
      expectContent(joinBytes(agent.received[index]!), received);
      expectContent(agent.record.bytes(agent.dialled[index]), sent);
    }
  });

  it('ends as the official agent did', () => {
    const status = name === '06-remote-host-denied' ? 'Failed' : 'Success';
    expect(agent.finished).toEqual({ status, output: status === 'Failed' ? deniedText : '' });
  });
});

/** Plays the recorded official agent against our client; the applications do what the recorded ones did. */
class ClientUnderTest {
  readonly record = new DirectionRecord('client');
  readonly received: Uint8Array[][] = [];
  readonly streams: number[] = [];
  readonly ended: number[] = [];
  closed: ClientEnd | undefined;
  ready = false;
  readonly session: ClientSession;
  readonly #transcript: Transcript;
  #queue: Uint8Array[] = [];
  readonly #acted = new Map<number, number>();

  constructor(transcript: Transcript) {
    this.#transcript = transcript;
    this.session = createClientSession(
      { environment },
      {
        ...quiet,
        frame: (frame) => {
          this.record.add(frame);
          const ack = acknowledgement(frame);
          if (ack !== undefined) this.#queue.push(ack);
        },
        ready: () => (this.ready = true),
        connectFailed: () => undefined,
        data: (stream, bytes) => {
          this.received[this.streams.indexOf(stream)]!.push(new Uint8Array(bytes));
        },
        end: (stream) => void this.ended.push(stream),
        closed: (end) => (this.closed = end),
      },
    );
  }

  play(): number {
    const steps = [...stepsOf(this.#transcript, 'agent')].filter(({ kind }) => kind === 'frame');
    const closing = gatewayFrames(this.#transcript, 'client');
    this.session.connected('TOKEN', 0);
    for (;;) {
      this.#applications();
      const step = steps[0];
      if (step === undefined || !this.record.covers(step.after)) break;
      steps.shift();
      this.session.receive(step.frame, 1);
      this.#settle();
    }
    const interrupted = this.#transcript.metadata.actions.some(({ op }) => op === 'SIGINT to the client');
    if (interrupted) this.session.terminate(1);
    for (const { frame } of closing) this.session.receive(frame, 1);
    return steps.length;
  }

  #settle(): void {
    this.session.pump(1);
    for (let ack = this.#queue.shift(); ack !== undefined; ack = this.#queue.shift()) {
      this.session.receive(ack, 1);
    }
  }

  #applications(): void {
    if (!this.ready) return;
    for (const [index, { application }] of connectionsOf(this.#transcript).entries()) {
      const have = joinBytes(this.received[index] ?? []).length;
      let done = this.#acted.get(index) ?? 0;
      for (let act = application[done]; act !== undefined; act = application[done]) {
        if (act.afterReceived > have) break;
        done += 1;
        if (act.kind === 'connect') {
          this.streams.push(this.session.open()!);
          this.received.push([]);
        } else if (act.kind === 'send') {
          expect(this.session.write(this.streams[index]!, act.bytes)).toBe(act.bytes.length);
        } else this.session.end(this.streams[index]!);
      }
      this.#acted.set(index, done);
    }
    this.#settle();
  }
}

describe.each(names)('the official agent of %s against our client', (name) => {
  const transcript = load(name);
  const client = new ClientUnderTest(transcript);
  const left = client.play();
  const official = recordOf(transcript, 'client');

  it('is served to its last frame', () => {
    expect(left).toBe(0);
    expect(client.record.violations).toEqual([]);
  });

  it('is answered as the official client answers', () => {
    expect(client.record.handshake.map(({ type }) => type)).toEqual(
      official.handshake.map(({ type }) => type),
    );
    const version = { ClientVersion: 'any' };
    expect({ ...client.record.handshake[0]!.body, ...version }).toEqual({
      ...official.handshake[0]!.body,
      ...version,
    });
  });

  it('exchanges the recorded bytes on every connection', () => {
    for (const [index, { name: conn }] of connectionsOf(transcript).entries()) {
      const { sent, received } = transcript.metadata.application[conn]!;
      expectContent(joinBytes(client.received[index]!), received);
      expectContent(client.record.bytes(client.streams[index]), sent);
    }
  });

  it('ends as the official client did', () => {
    expect(client.record.flags).toEqual(official.flags);
    if (name === '06-remote-host-denied') {
      expect(client.closed).toEqual({ cause: 'channel-closed', output: deniedText });
    }
    if (name === '12-terminate') expect(client.closed).toEqual({ cause: 'channel-closed', output: '' });
  });
});
