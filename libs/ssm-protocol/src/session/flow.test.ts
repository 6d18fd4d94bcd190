import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/crypto.ts';
import {
  readBufferBytesMax,
  readPressureBytes,
  sessionWriteBytesMax,
  streamWriteBytesMax,
  unacknowledgedMessagesMax,
} from '../limits.ts';
import { encodeMessage } from '../message/encode.ts';
import { SimulatedPair, type SimulatedPairOptions } from '../testing/index.ts';

function aPair(options: Partial<SimulatedPairOptions> = {}): SimulatedPair {
  return new SimulatedPair({ sha256, random: () => 0.999, ...options });
}

function aStream(pair: SimulatedPair): number {
  const stream = pair.clientSession.open()!;
  pair.runUntil(() => pair.dialled.includes(stream), 1000);
  return stream;
}

/** Sends upwards until the window has grown to its bound, as it does on a path that never makes a queue. */
function growWindow(pair: SimulatedPair, stream: number): void {
  pair.client.send(stream, new Uint8Array(24_000_000));
  pair.runUntil(() => pair.agent.bytesReceived(stream) === 24_000_000, 60_000);
  expect(pair.clientSession.stats.windowMessages).toBe(unacknowledgedMessagesMax);
}

/** A message of the gateway to one end. */
function gatewayMessage(messageType: string): Uint8Array {
  return encodeMessage(
    {
      messageType,
      createdDate: 1_700_000_000_000,
      sequenceNumber: 0,
      flags: 3,
      messageId: '00112233-4455-4677-8899-aabbccddeeff',
      payloadType: 0,
      payload: new TextEncoder().encode('{}'),
    },
    sha256,
  );
}

describe('writing', { timeout: 120_000 }, () => {
  it('takes no more than a stream may hold, and tells when there is room again', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    const taken = pair.clientSession.write(stream, new Uint8Array(streamWriteBytesMax + 1));
    expect(taken).toBe(streamWriteBytesMax);
    expect(pair.clientSession.write(stream, new Uint8Array(1))).toBe(0);
    pair.clientSession.pump(pair.now);
    expect(pair.clientSession.write(stream, new Uint8Array(1))).toBe(1);
  });

  it('takes no more than a session may hold, whatever the number of streams', () => {
    const pair = aPair().start();
    let taken = 0;
    for (let count = 0; count < 40; count += 1) {
      taken += pair.clientSession.write(pair.clientSession.open()!, new Uint8Array(streamWriteBytesMax));
    }
    expect(taken).toBe(sessionWriteBytesMax);
  });

  it('keeps no more messages in flight than the window', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    growWindow(pair, stream);
    pair.linked = false;
    pair.client.send(stream, new Uint8Array(8_000_000));
    for (let turn = 0; turn < 100; turn += 1) pair.clientSession.pump(pair.now);
    expect(pair.clientSession.stats.unacknowledged).toBe(unacknowledgedMessagesMax);
    pair.linked = true;
    expect(pair.runUntil(() => pair.agent.bytesReceived(stream) === 32_000_000, 3_600_000)).toBe(true);
  });

  it('paces by pulling: one message for each call', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    pair.clientSession.write(stream, new Uint8Array(4000));
    expect([1, 2, 3, 4, 5].map(() => pair.clientSession.pump(pair.now, 1))).toEqual([1, 1, 1, 1, 0]);
  });

  it('answers 0 for streams that are unknown or ending', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    pair.clientSession.end(stream);
    expect(pair.clientSession.write(stream, new Uint8Array(3))).toBe(0);
    expect(pair.clientSession.write(99, new Uint8Array(3))).toBe(0);
  });
});

describe('a slow reader', { timeout: 120_000 }, () => {
  it('asks the driver to stop reading, and everything arrives once it goes on', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    pair.clientSession.pauseReading(stream);
    pair.agent.send(stream, new Uint8Array(readPressureBytes + 500_000).fill(9));
    pair.runUntil(() => pair.client.pressure.length > 0, 60_000);
    expect(pair.client.pressure).toEqual([true]);
    expect(pair.client.bytes(stream).length).toBe(0);
    pair.clientSession.resumeReading(stream);
    expect(pair.client.pressure).toEqual([true, false]);
    pair.runUntil(() => pair.client.bytes(stream).length === readPressureBytes + 500_000, 60_000);
    expect(pair.client.bytes(stream).length).toBe(readPressureBytes + 500_000);
  });

  it('makes the session refuse data that a driver reads all the same, and loses none of it', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    pair.clientSession.pauseReading(stream);
    const length = readBufferBytesMax + 2_000_000;
    pair.agent.send(stream, new Uint8Array(length).fill(5));
    pair.runUntil(() => pair.client.discarded.includes('SSM_READ_BUFFER_FULL'), 60_000);
    pair.runUntil(() => false, 5_000);
    pair.clientSession.resumeReading(stream);
    expect(pair.runUntil(() => pair.client.bytes(stream).length === length, 600_000)).toBe(true);
  });

  it('may pause for an hour: what goes the other way is neither given up nor sent again and again', () => {
    const pair = aPair({ obeysPressure: true }).start();
    const slow = aStream(pair);
    const other = aStream(pair);
    pair.clientSession.pauseReading(slow);
    pair.agent.send(slow, new Uint8Array(readPressureBytes + 500_000));
    pair.runUntil(() => pair.client.pressure.length > 0, 60_000);
    pair.client.send(other, new Uint8Array(2_000));
    pair.runUntil(() => false, 3_600_000);
    expect(pair.closed).toBeUndefined();
    expect(pair.finished).toBeUndefined();
    expect(pair.agent.bytesReceived(other)).toBe(2_000);
    expect(pair.clientSession.stats).toMatchObject({ messagesResent: 0 });
    const { roundTripMs, windowMessages } = pair.clientSession.stats;
    pair.clientSession.resumeReading(slow);
    pair.client.send(other, new Uint8Array(2_000));
    pair.agent.send(other, new Uint8Array(2_000));
    const whole = () => pair.client.bytesReceived(slow) === readPressureBytes + 500_000;
    expect(pair.runUntil(() => whole() && pair.client.bytesReceived(other) === 2_000, 60_000)).toBe(true);
    pair.runUntil(() => pair.clientSession.stats.unacknowledged === 0, 1_000);
    // The hour says nothing of the path.
    expect(pair.clientSession.stats.roundTripMs).toBeLessThanOrEqual(roundTripMs);
    expect(pair.clientSession.stats.windowMessages).toBeGreaterThanOrEqual(windowMessages);
  });

  it('of a session that speaks smux keep-alive is not taken for a peer that fell silent', () => {
    const pair = aPair({
      obeysPressure: true,
      clientVersion: '1.2.100.0',
      agentVersion: '3.1.1000.0',
    }).start();
    const slow = aStream(pair);
    pair.clientSession.pauseReading(slow);
    pair.agent.send(slow, new Uint8Array(readPressureBytes + 500_000));
    pair.runUntil(() => pair.client.pressure.length > 0, 60_000);
    pair.runUntil(() => false, 600_000);
    pair.clientSession.resumeReading(slow);
    expect(pair.runUntil(() => pair.client.bytesReceived(slow) === readPressureBytes + 500_000, 60_000)).toBe(
      true,
    );
    expect(pair.closed).toBeUndefined();
  });

  it('does not hold other streams up', () => {
    const pair = aPair().start();
    const slow = aStream(pair);
    const quick = aStream(pair);
    pair.clientSession.pauseReading(slow);
    pair.agent.send(slow, new Uint8Array(500_000));
    pair.agent.send(quick, new Uint8Array(500_000));
    expect(pair.runUntil(() => pair.client.bytes(quick).length === 500_000, 60_000)).toBe(true);
    expect(pair.client.bytes(slow).length).toBe(0);
  });
});

describe('a new socket', { timeout: 120_000 }, () => {
  it('carries everything that was in flight again, both ways', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    const bytes = new Uint8Array(300_000).fill(3);
    pair.linked = false;
    pair.client.send(stream, bytes);
    pair.agent.send(stream, bytes);
    pair.runUntil(() => false, 50);
    pair.clientSession.disconnected(pair.now);
    pair.agentSession.disconnected(pair.now);
    expect(pair.clientSession.pump(pair.now)).toBe(0);
    expect(pair.clientSession.nextTickAt()).toBeUndefined();
    pair.runUntil(() => false, 1000);
    pair.linked = true;
    pair.clientSession.connected('another-token', pair.now);
    pair.agentSession.connected('another-token', pair.now);
    const all = () =>
      pair.agent.bytes(stream).length === bytes.length && pair.client.bytes(stream).length === bytes.length;
    expect(pair.runUntil(all, 5000)).toBe(true);
    expect(JSON.parse(pair.client.texts[1]!)).toMatchObject({ TokenValue: 'another-token' });
    const ids = pair.client.texts.map((text) => (JSON.parse(text) as { ClientId: string }).ClientId);
    expect(ids[0]).toBe(ids[1]);
  });

  it('drains a full window in a few round trips although the old one was too full to be pumped', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    growWindow(pair, stream);
    pair.linked = false;
    pair.client.send(stream, new Uint8Array(6_000_000));
    const { clientSession } = pair;
    for (let left = unacknowledgedMessagesMax - 1 - clientSession.stats.unacknowledged; left > 0; left -= 1)
      clientSession.pump(pair.now, 1);
    expect(clientSession.stats.unacknowledged).toBe(unacknowledgedMessagesMax - 1);
    pair.client.sendable = false;
    pair.clientSession.open();
    // Something to send is signalled; the driver, whose socket is congested, leaves it for later. Then the socket breaks.
    expect(pair.client.sendable).toBe(true);
    pair.client.sendable = false;
    pair.clientSession.disconnected(pair.now);
    pair.linked = true;
    pair.clientSession.connected('another-token', pair.now);
    const begun = pair.now;
    const window = unacknowledgedMessagesMax * 1000;
    pair.runUntil(() => pair.agent.bytesReceived(stream) >= 24_000_000 + window, 600_000);
    expect(pair.now - begun).toBeLessThan(100);
  });
});

describe('publication', () => {
  it('pauses the agent until it starts again, without losing anything', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    pair.runUntil(() => false, 1000);
    pair.agentSession.receive(gatewayMessage('pause_publication'), pair.now);
    pair.agent.send(stream, new Uint8Array(10_000));
    expect(pair.agentSession.pump(pair.now)).toBe(0);
    expect(pair.runUntil(() => pair.client.bytes(stream).length > 0, 5_000)).toBe(false);
    pair.agentSession.receive(gatewayMessage('start_publication'), pair.now);
    expect(pair.runUntil(() => pair.client.bytes(stream).length === 10_000, 1000)).toBe(true);
  });

  it('is no affair of the client, who goes on sending', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    pair.clientSession.receive(gatewayMessage('pause_publication'), pair.now);
    pair.client.send(stream, new Uint8Array(10));
    expect(pair.runUntil(() => pair.agent.bytes(stream).length === 10, 1000)).toBe(true);
  });
});

describe('a message that is never acknowledged', () => {
  it('ends the client after about five minutes', () => {
    const pair = aPair().start();
    const stream = aStream(pair);
    pair.runUntil(() => false, 1000);
    const begun = pair.now;
    pair.linked = false;
    pair.client.send(stream, new Uint8Array(1));
    expect(pair.runUntil(() => pair.closed !== undefined, 3_600_000)).toBe(true);
    expect(pair.closed?.cause).toBe('unacknowledged');
    expect(pair.now - begun).toBeGreaterThan(290_000);
  });
});
