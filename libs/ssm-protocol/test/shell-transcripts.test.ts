import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createAgentSession,
  createAgentShell,
  createClientSession,
  createClientShell,
  parseMessage,
  type AgentEnd,
  type ClientShellReady,
  type ShellType,
} from '../src/index.ts';
import {
  DirectionRecord,
  gatewayFrames,
  joinBytes,
  readTranscript,
  recordOf,
  stepsOf,
  toHex,
  type Transcript,
} from '../src/testing/index.ts';
import { acknowledgement, environment } from './acknowledgement.ts';
import { sha256 } from './crypto.ts';

function load(name: string): Transcript {
  return readTranscript(readFileSync(new URL(`../transcripts/${name}.jsonl`, import.meta.url), 'utf8'));
}

/** One end under test: what it sent, and how to answer it. */
class End {
  readonly record: DirectionRecord;
  /** Types of everything that it put on the socket and that is not an acknowledgement. */
  readonly types: string[] = [];
  readonly states: string[] = [];
  readonly #queue: Uint8Array[] = [];

  constructor(side: 'client' | 'agent') {
    this.record = new DirectionRecord(side, 'raw');
  }

  readonly sink = {
    frame: (frame: Uint8Array) => {
      this.record.add(frame);
      const ack = acknowledgement(frame);
      if (ack !== undefined) this.#queue.push(ack);
      const parsed = parseMessage(frame);
      if (parsed.ok && parsed.message.messageType === 'agent_session_state') {
        const body = JSON.parse(new TextDecoder().decode(parsed.message.payload)) as { SessionState: string };
        this.states.push(body.SessionState);
      }
    },
    text: () => undefined,
    sendable: () => undefined,
    readPressure: () => undefined,
    discarded: (reason: string) => void this.record.violations.push(reason),
  };

  settle(session: { pump(now: number): number; receive(frame: Uint8Array, now: number): void }): void {
    session.pump(1);
    for (let ack = this.#queue.shift(); ack !== undefined; ack = this.#queue.shift()) session.receive(ack, 1);
  }
}

const shells: readonly (readonly [string, ShellType])[] = [
  ['09-shell', 'Standard_Stream'],
  ['10-noninteractive', 'NonInteractiveCommands'],
];

describe.each(shells)('the official client of %s against our agent', (name, type) => {
  const transcript = load(name);
  const official = recordOf(transcript, 'agent');
  const end = new End('agent');
  const typed: Uint8Array[] = [];
  const sizes: unknown[] = [];
  let finished: AgentEnd | undefined;
  const shell = createAgentShell(
    {
      environment,
      sessionId: transcript.metadata.session,
      instanceId: 'mi-0123456789abcdef0',
      type,
      separateOutput: type === 'NonInteractiveCommands',
      agentVersion: '3.3.0.0',
    },
    {
      ...end.sink,
      writable: () => undefined,
      decryptWanted: () => undefined,
      ready: () => undefined,
      resized: (size) => void sizes.push(size),
      data: (bytes) => void typed.push(new Uint8Array(bytes)),
      finished: (how) => (finished = how),
    },
  );
  const steps = [...stepsOf(transcript, 'client')].filter(({ kind }) => kind === 'frame');
  shell.connected('TOKEN', 0);
  end.settle(shell);
  // What the recorded program wrote, written by ours when the recorded client waits for it.
  const down = official.bytes();
  let written = 0;
  while (steps.length > 0) {
    const due = steps[0]!.after.bytes.get(1) ?? 0;
    if (due > written) shell.write(down.slice(written, due));
    written = Math.max(due, written);
    end.settle(shell);
    if (!end.record.covers(steps[0]!.after)) break;
    shell.receive(steps.shift()!.frame, 1);
    end.settle(shell);
  }
  shell.write(down.slice(written));
  if (type === 'NonInteractiveCommands') shell.writeError(joinBytes(official.errorOutput));
  const statesBefore = [...end.states];
  shell.exited(type === 'NonInteractiveCommands' ? 3 : 0, 1);
  end.settle(shell);
  shell.pump(1);

  it('is served to its last frame', () => {
    expect(steps).toEqual([]);
    expect(end.record.violations).toEqual([]);
  });

  it('sees the handshake of the official agent, or none', () => {
    expect(end.record.handshake.map(({ type: kind }) => kind)).toEqual(
      official.handshake.map(({ type: kind }) => kind),
    );
    expect(end.record.handshake[0]?.body).toEqual(official.handshake[0]?.body);
  });

  it('types what was typed and sees what was written', () => {
    expect(toHex(joinBytes(typed))).toBe(toHex(recordOf(transcript, 'client').bytes()));
    expect(sizes).toEqual(recordOf(transcript, 'client').sizes);
    expect(toHex(end.record.bytes())).toBe(toHex(down));
    expect(toHex(joinBytes(end.record.errorOutput))).toBe(toHex(joinBytes(official.errorOutput)));
    expect(end.record.exitCodes).toEqual(official.exitCodes);
  });

  it('is told Terminating only after everything was acknowledged', () => {
    expect(statesBefore).toEqual(['Connected']);
    expect(end.states).toEqual(['Connected', 'Terminating']);
    expect(finished).toEqual({ status: 'Success', output: '' });
  });
});

describe.each(shells)('the official agent of %s against our client', (name, type) => {
  const transcript = load(name);
  const official = recordOf(transcript, 'client');
  const end = new End('client');
  const output: Uint8Array[] = [];
  const errors: Uint8Array[] = [];
  const events: unknown[] = [];
  let ready: ClientShellReady | undefined;
  const shell = createClientShell(
    { environment, clientVersion: '1.2.677.0' },
    {
      ...end.sink,
      writable: () => undefined,
      dataKeyWanted: () => undefined,
      ready: (info) => (ready = info),
      output: (bytes) => void output.push(new Uint8Array(bytes)),
      errorOutput: (bytes) => void errors.push(new Uint8Array(bytes)),
      exit: (code) => void events.push(code),
      closed: (how) => void events.push(how.cause),
    },
  );
  const steps = [...stepsOf(transcript, 'agent')].filter(({ kind }) => kind === 'frame');
  const closing = gatewayFrames(transcript, 'client');
  const up = official.bytes();
  let typed = 0;
  shell.resize((official.sizes[0] ?? { cols: 1, rows: 1 }) as { cols: number; rows: number }, 0);
  shell.connected('TOKEN', 0);
  while (steps.length > 0) {
    const due = steps[0]!.after.bytes.get(1) ?? 0;
    if (due > typed) shell.write(up.slice(typed, due));
    typed = Math.max(due, typed);
    end.settle(shell);
    if (!end.record.covers(steps[0]!.after)) break;
    shell.receive(steps.shift()!.frame, 1);
    end.settle(shell);
  }
  for (const { frame } of closing) shell.receive(frame, 1);

  it('is served to its last frame, and closed by the gateway', () => {
    expect(steps).toEqual([]);
    expect(end.record.violations).toEqual([]);
    expect(events).toEqual(type === 'NonInteractiveCommands' ? [3, 'channel-closed'] : ['channel-closed']);
  });

  it('is answered as the official client answers', () => {
    expect(end.record.handshake).toEqual(official.handshake);
    expect(end.record.sizes).toEqual(official.sizes);
    expect(toHex(end.record.bytes())).toBe(toHex(up));
    expect(ready).toMatchObject({ type: official.handshake.length > 0 ? type : undefined, encrypted: false });
  });

  it('hands on what the program wrote', () => {
    const agent = recordOf(transcript, 'agent');
    expect(toHex(joinBytes(output))).toBe(toHex(agent.bytes()));
    expect(toHex(joinBytes(errors))).toBe(toHex(joinBytes(agent.errorOutput)));
  });
});

describe('an SSH-type session, 08-ssh-type', () => {
  const transcript = load('08-ssh-type');
  const { sent, received } = transcript.metadata.destination['conn1']!;
  const digestOf = (bytes: Uint8Array) => ({ length: bytes.length, sha256: toHex(sha256(bytes)) });

  it('is served by our agent as the official client expects, and ends with its destination', () => {
    const end = new End('agent');
    const got: Uint8Array[] = [];
    let finished: AgentEnd | undefined;
    const down = recordOf(transcript, 'agent').bytes();
    const agent = createAgentSession(
      {
        environment,
        sessionId: transcript.metadata.session,
        instanceId: 'mi-0123456789abcdef0',
        properties: { portNumber: '2022' },
        agentVersion: '3.3.0.0',
      },
      {
        ...end.sink,
        writable: () => undefined,
        end: () => undefined,
        ready: () => undefined,
        dial: (stream) => agent.dialed(stream),
        data: (_stream, bytes) => void got.push(new Uint8Array(bytes)),
        finished: (how) => (finished = how),
      },
    );
    agent.connected('TOKEN', 0);
    end.settle(agent);
    let written = 0;
    for (const step of stepsOf(transcript, 'client').filter(({ kind }) => kind === 'frame')) {
      const due = step.after.bytes.get(1) ?? 0;
      if (due > written) agent.write(1, down.slice(written, due));
      written = Math.max(due, written);
      end.settle(agent);
      expect(end.record.covers(step.after)).toBe(true);
      agent.receive(step.frame, 1);
      end.settle(agent);
    }
    agent.write(1, down.slice(written));
    agent.end(1);
    end.settle(agent);
    expect(end.record.handshake[0]?.body).toEqual(recordOf(transcript, 'agent').handshake[0]?.body);
    expect(digestOf(joinBytes(got))).toEqual(received);
    expect(digestOf(end.record.bytes())).toEqual(sent);
    expect(finished).toEqual({ status: 'Success', output: '' });
  });

  it('is taken by our client as a standard stream', () => {
    const end = new End('client');
    const got: Uint8Array[] = [];
    let mode: string | undefined;
    let closed: string | undefined;
    const up = recordOf(transcript, 'client').bytes();
    const client = createClientSession(
      { environment, clientVersion: '1.2.677.0' },
      {
        ...end.sink,
        writable: () => undefined,
        end: () => undefined,
        connectFailed: () => undefined,
        ready: (info) => {
          mode = info.mode;
          client.resumeReading(client.open()!);
        },
        data: (_stream, bytes) => void got.push(new Uint8Array(bytes)),
        closed: (how) => (closed = how.cause),
      },
    );
    client.connected('TOKEN', 0);
    let typed = 0;
    for (const step of stepsOf(transcript, 'agent').filter(({ kind }) => kind === 'frame')) {
      const due = step.after.bytes.get(1) ?? 0;
      if (due > typed) client.write(1, up.slice(typed, due));
      typed = Math.max(due, typed);
      end.settle(client);
      expect(end.record.covers(step.after)).toBe(true);
      client.receive(step.frame, 1);
      end.settle(client);
    }
    for (const { frame } of gatewayFrames(transcript, 'client')) client.receive(frame, 1);
    expect(mode).toBe('standard-stream');
    expect(digestOf(joinBytes(got))).toEqual(sent);
    expect(digestOf(end.record.bytes())).toEqual(received);
    expect(closed).toBe('channel-closed');
  });
});
