import { hash, randomUUID } from 'node:crypto';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { createAgentSession, createAgentShell, encodeMessage, messageTypes } from '@sallyport/ssm-protocol';
import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionSink, Transport } from '../transport.ts';
import { HeldChannel } from './held-channel.ts';

const environment = {
  sha256: (bytes: Uint8Array) => hash('sha256', bytes, 'buffer'),
  uuid: () => randomUUID(),
  wallTime: () => Date.UTC(2026, 0, 1),
};
const { signal } = new AbortController();
const url = new URL('wss://gateway.example/v1/data-channel/x');

/** A gateway that notes what it is told, and says what it is made to. */
class Gateway implements Transport {
  readonly told: string[] = [];
  readonly sinks: ConnectionSink[] = [];
  async open(
    _url: URL,
    _headers: Readonly<Record<string, string>>,
    sink: ConnectionSink,
  ): Promise<Connection> {
    this.sinks.push(sink);
    const note = (what: string) => () => void this.told.push(what);
    return {
      binary: (bytes) => void this.told.push(`binary ${bytes.length}`),
      text: (text) => void this.told.push((JSON.parse(text) as { TokenValue: string }).TokenValue),
      congested: false,
      ...{ ping: note('ping'), pause: note('pause'), resume: note('resume'), cut: note('cut') },
    };
  }
  says(bytes: Uint8Array): void {
    this.sinks.at(-1)?.message(bytes);
  }
}

async function held() {
  const gateway = new Gateway();
  const effects = simulatedEffects();
  const channel = await HeldChannel.open(
    { transport: gateway, effects },
    { url, headers: {}, token: 'T1' },
    signal,
  );
  return { gateway, channel };
}

/** The frames with which an agent begins a session of this kind. */
function beginning(
  make: (sink: { frame(bytes: Uint8Array): void }) => { connected(token: string, now: number): void },
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  make({ frame: (bytes) => void frames.push(bytes) }).connected('agent-token', 0);
  return frames;
}
const nothingDone = () => undefined;
const agent = { environment, sessionId: 's', instanceId: 'i-1' };
const port = (properties: Record<string, string>, agentVersion = '3.3.987.0') =>
  beginning((sink) => createAgentSession({ ...agent, properties, agentVersion }, sinkOf(sink)));
const sinkOf = (sink: { frame(bytes: Uint8Array): void }) =>
  new Proxy(sink, {
    get: (target, name) => (name === 'frame' ? target.frame : nothingDone),
  }) as never;
const closed = (Output: string) =>
  encodeMessage(
    {
      messageType: messageTypes.channelClosed,
      ...{
        sequenceNumber: 0,
        flags: 0,
        payloadType: 0,
        createdDate: environment.wallTime(),
        messageId: randomUUID(),
      },
      payload: Buffer.from(JSON.stringify({ SessionId: 's', Output })),
    },
    environment.sha256,
  );

async function wordOf(frames: readonly Uint8Array[]) {
  const { gateway, channel } = await held();
  for (const frame of frames) gateway.says(frame);
  return channel.firstWord(signal);
}

describe('a data channel whose kind only its agent tells', () => {
  it('knows a forwarded port, one at a time where the agent is old, and standard streams', async () => {
    const properties = { type: 'LocalPortForwarding', portNumber: '5432', localPortNumber: '0' };
    expect(await wordOf(port(properties))).toEqual({ is: 'port', mode: 'mux', properties });
    expect(await wordOf(port(properties, '3.0.196.0'))).toMatchObject({ mode: 'basic' });
    expect(await wordOf(port({ portNumber: '22' }))).toMatchObject({ is: 'port', mode: 'standard-stream' });
  });

  it('knows a command by its handshake', async () => {
    const frames = beginning((sink) =>
      createAgentShell({ ...agent, type: 'NonInteractiveCommands', separateOutput: true }, sinkOf(sink)),
    );
    expect(await wordOf(frames)).toEqual({ is: 'program', type: 'NonInteractiveCommands' });
  });

  it('knows a session that is over before it began, and keeps its words', async () => {
    const { gateway, channel } = await held();
    gateway.says(closed('RunAs user web-ops does not exist'));
    expect(await channel.firstWord(signal)).toEqual({
      is: 'closed',
      output: 'RunAs user web-ops does not exist',
    });
    expect(channel.closedOutput).toBe('RunAs user web-ops does not exist');
  });

  it('tells who waits that it broke', async () => {
    const { gateway, channel } = await held();
    gateway.sinks[0]?.closed(1006);
    await expect(channel.firstWord(signal)).rejects.toMatchObject({ code: 'CHANNEL_LOST' });
  });

  it('is handed over with all that was heard, and says its token once; the next connection says its own', async () => {
    const { gateway, channel } = await held();
    const [frame = new Uint8Array()] = port({ portNumber: '22' });
    gateway.says(frame);
    const heard: string[] = [];
    const sink = (name: string): ConnectionSink => ({
      message: (bytes) => void heard.push(`${name} ${bytes.length}`),
      ...{ heard: () => undefined, drained: () => undefined },
      closed: (code) => void heard.push(`${name} closed ${code}`),
    });
    const first = await channel.transport.open(url, {}, sink('first'), signal);
    first.text('{"TokenValue":"T1"}');
    first.text('{"TokenValue":"another"}');
    gateway.says(frame);
    expect(heard).toEqual([]);
    await new Promise((done) => setImmediate(done));
    expect(heard).toEqual([`first ${frame.length}`, `first ${frame.length}`]);
    gateway.sinks[0]?.closed(1000);
    const second = await channel.transport.open(url, {}, sink('second'), signal);
    second.text('{"TokenValue":"T2"}');
    gateway.says(closed(''));
    expect(heard.slice(2)).toEqual(['first closed 1000', expect.stringMatching(/^second \d+$/)]);
    expect(gateway.told).toEqual(['T1', 'ping', 'another', 'T2']);
    expect(channel.closedOutput).toBe('');
  });
});
