import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/crypto.ts';
import { parseMessage } from '../message/decode.ts';
import { payloadTypes } from '../message/payload-type.ts';
import { DirectionRecord, SimulatedPair, type SimulatedPairOptions } from '../testing/index.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (content: string) => new TextEncoder().encode(content);

function aPair(options: Partial<SimulatedPairOptions> = {}): SimulatedPair {
  return new SimulatedPair({ sha256, random: () => 0.999, ...options });
}

/** A pair whose frames are kept, with a short name for each. */
function aRecordedPair(options: Partial<SimulatedPairOptions> = {}) {
  const log: string[] = [];
  const records = { client: new DirectionRecord('client'), agent: new DirectionRecord('agent') };
  const pair = aPair({
    ...options,
    onFrame: (from, frame) => {
      records[from].add(frame);
      const parsed = parseMessage(frame);
      if (!parsed.ok) throw new Error(parsed.reason);
      const { messageType, payloadType, sequenceNumber } = parsed.message;
      const what = messageType.endsWith('stream_data') ? `${payloadType}#${sequenceNumber}` : messageType;
      log.push(`${from}:${what}`);
    },
  });
  return { pair, log, records };
}

const basic = { agentVersion: '3.0.196.0' };

describe('the handshake', () => {
  it('goes in the order of the specification, the response acknowledged before the handshake is complete', () => {
    const { pair, log, records } = aRecordedPair();
    pair.start();
    pair.runUntil(() => false, 50);
    expect(log).toEqual([
      'agent:agent_session_state',
      'agent:5#0',
      'client:acknowledge',
      'client:6#0',
      'agent:acknowledge',
      'agent:7#1',
      'client:acknowledge',
    ]);
    expect([...records.client.violations, ...records.agent.violations]).toEqual([]);
  });

  it('opens the channel with the texts that tell client and agent apart', () => {
    const pair = aPair().start();
    expect(JSON.parse(pair.client.texts[0]!)).toEqual({
      MessageSchemaVersion: '1.0',
      RequestId: expect.any(String) as string,
      TokenValue: 'client-token',
      ClientId: expect.any(String) as string,
      ClientVersion: '1.2.764.0',
    });
    expect(JSON.parse(pair.agent.texts[0]!)).toMatchObject({
      TokenValue: 'agent-token',
      ClientInstanceId: 'i-0123456789abcdef0',
      ClientId: '',
    });
  });

  it('gives the client the properties of the document', () => {
    const properties = { host: 'db.internal', portNumber: '5432', type: 'LocalPortForwarding' };
    expect(aPair({ properties }).start().ready).toEqual({
      mode: 'mux',
      properties,
      agentVersion: '3.3.987.0',
      customerMessage: '',
    });
  });

  it('refuses KMS encryption as unsupported, and the agent fails the session', () => {
    const { pair, records } = aRecordedPair({ kmsKeyId: 'alias/sessions' });
    pair.start();
    pair.runUntil(() => pair.finished !== undefined, 1000);
    const processed = records.client.handshake[0]!.body['ProcessedClientActions'];
    expect(processed).toEqual([
      { ActionType: 'SessionType', ActionStatus: 1, ActionResult: null, Error: '' },
      {
        ActionType: 'KMSEncryption',
        ActionStatus: 3,
        ActionResult: null,
        Error: 'KMS encryption is not supported by this client',
      },
    ]);
    expect(pair.closed?.cause).toBe('handshake-refused');
    expect(pair.finished?.status).toBe('Failed');
  });

  it('fails at the agent after 15 s without a response, having asked again meanwhile', () => {
    const { pair, log } = aRecordedPair();
    pair.agentSession.connected('token', 0);
    pair.linked = false;
    pair.runUntil(() => pair.finished !== undefined, 60_000);
    expect(pair.now).toBe(15_000);
    expect(pair.finished?.output).toContain('Handshake timed out.');
    expect(log.filter((frame) => frame === 'agent:5#0').length).toBeGreaterThan(50);
  });

  it('fails at the client when no agent comes', () => {
    const pair = aPair();
    pair.clientSession.connected('token', 0);
    pair.runUntil(() => pair.closed !== undefined, 600_000);
    expect(pair.closed).toEqual({ cause: 'handshake-timeout', output: '' });
    expect(pair.clientSession.nextTickAt()).toBeUndefined();
  });

  it('opens no stream before it is complete', () => {
    const pair = aPair();
    pair.clientSession.connected('token', 0);
    expect(pair.clientSession.open()).toBeUndefined();
    expect(pair.clientSession.terminate(0)).toBe(false);
  });
});

describe('a multiplexed port session', () => {
  it('carries bytes both ways and ends a stream at both ends', () => {
    const pair = aPair().start();
    const stream = pair.clientSession.open()!;
    pair.client.send(stream, bytesOf('hello\n'));
    pair.runUntil(() => pair.agent.bytes(stream).length === 6, 1000);
    expect(text(pair.agent.bytes(stream))).toBe('hello\n');
    pair.agent.send(stream, bytesOf('good day'));
    pair.agent.close(stream);
    pair.runUntil(() => pair.client.ended.has(stream), 1000);
    expect(text(pair.client.bytes(stream))).toBe('good day');
    expect(pair.clientSession.stats.streams).toBe(0);
    expect(pair.agentSession.stats.streams).toBe(0);
  });

  it('numbers its streams 3, 5, 7 as the official client does', () => {
    const pair = aPair().start();
    expect([1, 2, 3].map(() => pair.clientSession.open())).toEqual([3, 5, 7]);
  });

  it.each([1016, 1017, 1024, 1025, 1])('changes nothing about %i bytes that end in a line feed', (length) => {
    const { pair, records } = aRecordedPair();
    pair.start();
    const stream = pair.clientSession.open()!;
    const bytes = new Uint8Array(length).fill(0x61);
    bytes[length - 1] = 0x0a;
    pair.client.send(stream, bytes);
    pair.runUntil(() => pair.agent.bytes(stream).length === length, 1000);
    expect(pair.agent.bytes(stream)).toEqual(bytes);
    expect(records.client.violations).toEqual([]);
  });

  it('keeps early data until the destination is dialled', () => {
    const pair = aPair({ dial: () => undefined }).start();
    const stream = pair.clientSession.open()!;
    pair.client.send(stream, bytesOf('early'));
    pair.runUntil(() => false, 100);
    expect(pair.dialled).toEqual([stream]);
    expect(pair.agent.bytes(stream).length).toBe(0);
    pair.agentSession.dialed(stream);
    expect(text(pair.agent.bytes(stream))).toBe('early');
  });

  it('delivers what a client wrote before it closed, even if the dial took longer', () => {
    const pair = aPair({ dial: () => undefined }).start();
    const stream = pair.clientSession.open()!;
    pair.client.send(stream, bytesOf('last words'));
    pair.client.close(stream);
    pair.runUntil(() => false, 100);
    expect(pair.agent.ended.has(stream)).toBe(false);
    pair.agentSession.dialed(stream);
    expect(text(pair.agent.bytes(stream))).toBe('last words');
    expect(pair.agent.ended.has(stream)).toBe(true);
  });

  it('tells of a failed dial by flag 3 and the end of the stream, and goes on', () => {
    const { pair, records } = aRecordedPair({
      dial: (at, stream) => at.agentSession.dialFailed(stream, 'refused'),
    });
    pair.start();
    const stream = pair.clientSession.open()!;
    pair.runUntil(() => pair.client.ended.has(stream), 1000);
    expect(pair.connectFailures).toBe(1);
    expect(records.agent.flags).toEqual([3]);
    expect(pair.finished).toBeUndefined();
    expect(pair.clientSession.open()).toBe(5);
  });

  it('ends with success when the client terminates', () => {
    const { pair, records } = aRecordedPair();
    pair.start();
    expect(pair.clientSession.terminate(pair.now)).toBe(true);
    pair.runUntil(() => pair.finished !== undefined, 1000);
    expect(records.client.flags).toEqual([2]);
    expect(pair.finished).toEqual({ status: 'Success', output: '' });
    pair.runUntil(() => pair.agentSession.drained(), 1000);
    expect(pair.agentSession.drained()).toBe(true);
  });

  it('forgets a stream that was aborted before it was announced', () => {
    const { pair, records } = aRecordedPair();
    pair.start();
    pair.clientSession.abort(pair.clientSession.open()!);
    pair.runUntil(() => false, 100);
    expect(records.client.sequenced).toBe(1);
    expect(pair.dialled).toEqual([]);
  });

  it('takes turns between streams message by message', () => {
    const order: number[] = [];
    const pair = aPair().start();
    const first = pair.clientSession.open()!;
    const second = pair.clientSession.open()!;
    pair.clientSession.write(first, new Uint8Array(8000));
    pair.clientSession.write(second, new Uint8Array(8000));
    const { agent } = pair;
    for (let sent = 0; sent < 6; sent += 1) {
      pair.clientSession.pump(pair.now, 1);
      const before = [agent.bytes(first).length, agent.bytes(second).length];
      pair.runUntil(
        () => agent.bytes(first).length + agent.bytes(second).length > before[0]! + before[1]!,
        9,
      );
      if (agent.bytes(first).length > before[0]!) order.push(first);
      if (agent.bytes(second).length > before[1]!) order.push(second);
    }
    expect(new Set(order.slice(0, 3))).toEqual(new Set([first, second]));
  });
});

describe('a basic port session', () => {
  it('serves one connection after the other and says when one closed', () => {
    const { pair, log } = aRecordedPair(basic);
    pair.start();
    expect(pair.ready?.mode).toBe('basic');
    expect(pair.dialled).toEqual([1]);
    const stream = pair.clientSession.open()!;
    expect(pair.clientSession.open()).toBeUndefined();
    pair.clientSession.resumeReading(stream);
    pair.client.send(stream, Uint8Array.of(0x0a));
    pair.client.close(stream);
    pair.runUntil(() => pair.agent.ended.has(1), 1000);
    expect(pair.agent.bytes(1)).toEqual(Uint8Array.of(0x0a));
    expect(log.filter((frame) => frame.startsWith('client:')).at(-1)).toBe(`client:${payloadTypes.flag}#2`);
    // The next connection makes the agent dial again when its data comes.
    const second = pair.clientSession.open()!;
    pair.client.send(second, bytesOf('again'));
    pair.runUntil(() => pair.agent.bytes(1).length === 6, 1000);
    expect(pair.dialled).toEqual([1, 1]);
  });

  it('keeps what the destination says before anybody is connected locally', () => {
    const pair = aPair(basic).start();
    pair.agent.send(1, bytesOf('220 ready'));
    pair.runUntil(() => false, 100);
    const stream = pair.clientSession.open()!;
    pair.clientSession.resumeReading(stream);
    expect(text(pair.client.bytes(stream))).toBe('220 ready');
  });

  it('dials again for new data after the destination closed', () => {
    const pair = aPair(basic).start();
    const stream = pair.clientSession.open()!;
    pair.agentSession.end(1);
    pair.client.send(stream, bytesOf('hello'));
    pair.runUntil(() => pair.agent.bytes(1).length === 5, 1000);
    expect(pair.dialled).toEqual([1, 1]);
    expect(pair.finished).toBeUndefined();
  });

  it('fails the session when the dial fails', () => {
    const pair = aPair({
      ...basic,
      dial: (at, stream) => at.agentSession.dialFailed(stream, 'connection refused'),
    }).start();
    expect(pair.finished).toEqual({
      status: 'Failed',
      output: 'Unable to connect to specified port: connection refused',
    });
  });

  it('is spoken with an old client by a new agent, too', () => {
    const pair = aPair({ clientVersion: '1.1.69.0' });
    pair.start();
    expect(pair.ready?.mode).toBe('basic');
    expect(pair.dialled).toEqual([1]);
  });
});

describe('a standard stream', () => {
  it('ends the session when the destination closes, after its last byte', () => {
    const pair = aPair({ properties: { portNumber: '22' } }).start();
    expect(pair.ready?.mode).toBe('standard-stream');
    const stream = pair.clientSession.open()!;
    pair.clientSession.resumeReading(stream);
    pair.agent.send(1, new Uint8Array(5000).fill(1));
    pair.agent.close(1);
    pair.runUntil(() => pair.finished !== undefined && pair.agentSession.drained(), 1000);
    expect(pair.finished).toEqual({ status: 'Success', output: '' });
    expect(pair.client.bytes(stream).length).toBe(5000);
  });
});

describe('smux keep-alive', () => {
  it('is spoken with an agent that expects it, and keeps the session up', () => {
    const pair = aPair({ agentVersion: '3.1.1511.0', clientVersion: '1.2.331.0' }).start();
    const before = pair.clientSession.stats.messagesSent;
    pair.runUntil(() => false, 300_000);
    expect(pair.clientSession.stats.messagesSent - before).toBe(30);
    expect(pair.closed).toBeUndefined();
    expect(pair.finished).toBeUndefined();
  });

  it('ends a session whose peer fell silent', () => {
    const pair = aPair({ agentVersion: '3.1.1511.0', clientVersion: '1.2.331.0' }).start();
    pair.linked = false;
    expect(pair.runUntil(() => pair.closed !== undefined, 70_000)).toBe(true);
    expect(pair.closed?.cause).toBe('keep-alive');
  });

  it('is left out between new versions', () => {
    const pair = aPair().start();
    const before = pair.clientSession.stats.messagesSent;
    pair.runUntil(() => false, 300_000);
    expect(pair.clientSession.stats.messagesSent).toBe(before);
    expect(pair.clientSession.nextTickAt()).toBeUndefined();
  });
});
