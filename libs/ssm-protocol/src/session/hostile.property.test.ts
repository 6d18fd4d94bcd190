import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/crypto.ts';
import { wireReasons } from '../errors.ts';
import { reorderMessagesMax, streamsMax } from '../limits.ts';
import { encodeMessage } from '../message/encode.ts';
import { messageTypes } from '../message/message-type.ts';
import { encodeSmux, smuxCommands } from '../mux/frame.ts';
import { joinBytes, SimulatedPair } from '../testing/index.ts';

function aReadyPair(): SimulatedPair {
  return new SimulatedPair({ sha256, random: () => 0.999, dial: () => undefined }).start();
}

let nextId = 0;

/** A valid frame that a hostile peer made. */
function forged(
  messageType: string,
  sequenceNumber: number | bigint,
  payloadType: number,
  payload: Uint8Array,
) {
  nextId += 1;
  return encodeMessage(
    {
      messageType,
      createdDate: 1_700_000_000_000,
      sequenceNumber,
      flags: 0,
      messageId: `00112233-4455-4677-8899-${nextId.toString(16).padStart(12, '0')}`,
      payloadType,
      payload,
    },
    sha256,
  );
}

const hostileFrame = fc.record({
  messageType: fc.constantFrom(...Object.values(messageTypes), 'agent_job'),
  sequence: fc.oneof(
    fc.bigInt({ min: 0n, max: 8n }),
    fc.constantFrom(-1n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
  ),
  payloadType: fc.integer({ min: 0, max: 14 }),
  payload: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 80 }),
    fc.json({ maxDepth: 3 }).map((text) => new TextEncoder().encode(text)),
    fc
      .constantFrom(
        '{"AgentVersion":1,"RequestedClientActions":[{"ActionType":"SessionType"}]}',
        '{"AgentVersion":"x","RequestedClientActions":[null]}',
        '{"ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":"1"}]}',
        '{"AcknowledgedMessageSequenceNumber":-1}',
        '{"AcknowledgedMessageSequenceNumber":1e400}',
      )
      .map((text) => new TextEncoder().encode(text)),
  ),
});

describe('a hostile peer', () => {
  it.each(['client', 'agent'] as const)(
    'meets only catalogued reasons at the %s, whatever it sends',
    (side) => {
      fc.assert(
        fc.property(fc.boolean(), fc.array(hostileFrame, { maxLength: 30 }), (ready, frames) => {
          const pair = ready ? aReadyPair() : new SimulatedPair({ sha256, random: () => 0.999 });
          const session = side === 'client' ? pair.clientSession : pair.agentSession;
          session.disconnected(pair.now);
          if (side === 'client') pair.clientSession.connected('token', pair.now);
          else pair.agentSession.connected('token', pair.now);
          for (const { messageType, sequence, payloadType, payload } of frames) {
            session.receive(forged(messageType, sequence, payloadType, payload), pair.now);
            session.pump(pair.now);
          }
          for (const reason of pair[side].discarded) expect(wireReasons).toHaveProperty(reason);
        }),
        { numRuns: 200 },
      );
    },
  );

  it('opens no more streams than the bound, and each one more is refused', () => {
    const pair = aReadyPair();
    const before = pair.agentSession.stats.messagesReceived;
    let sequence = before;
    for (let id = 1; id <= streamsMax + 100; id += 1) {
      const syn = encodeSmux(smuxCommands.syn, id);
      pair.agentSession.receive(forged('input_stream_data', sequence++, 1, syn), pair.now);
    }
    expect(pair.agentSession.stats.streams).toBe(streamsMax);
    expect(pair.agent.discarded).toEqual(new Array(100).fill('SMUX_STREAMS_TOO_MANY'));
    expect(pair.dialled.length).toBe(streamsMax);
  });

  it('opening a stream towards the client is refused, and the session stays', () => {
    const pair = aReadyPair();
    const sequence = pair.clientSession.stats.messagesReceived;
    const syn = encodeSmux(smuxCommands.syn, 2);
    pair.clientSession.receive(forged('output_stream_data', sequence, 1, syn), pair.now);
    expect(pair.client.discarded).toEqual(['SMUX_STREAM_NOT_OURS']);
    expect(pair.clientSession.stats.streams).toBe(0);
    expect(pair.closed).toBeUndefined();
  });

  it('a broken multiplexed stream ends the session at either end', () => {
    const pair = aReadyPair();
    const bad = Uint8Array.of(7, 7, 7);
    const toClient = pair.clientSession.stats.messagesReceived;
    const toAgent = pair.agentSession.stats.messagesReceived;
    pair.clientSession.receive(forged('output_stream_data', toClient, 1, bad), pair.now);
    pair.agentSession.receive(forged('input_stream_data', toAgent, 1, bad), pair.now);
    expect(pair.closed?.cause).toBe('mux-malformed');
    expect(pair.finished?.status).toBe('Failed');
  });

  it('cannot make the reordering buffer grow beyond its bounds', () => {
    const pair = aReadyPair();
    const first = pair.agentSession.stats.messagesReceived;
    const payload = new Uint8Array(2048).fill(1);
    for (let ahead = 1; ahead < reorderMessagesMax + 10; ahead += 1) {
      pair.agentSession.receive(forged('input_stream_data', first + ahead, 1, payload), pair.now);
    }
    const reasons = new Set(pair.agent.discarded);
    expect(reasons).toEqual(new Set(['SSM_REORDER_BUFFER_FULL', 'SSM_SEQUENCE_BEYOND_WINDOW']));
  });

  it('is told nothing for what it never got: acknowledgements of unsent numbers change nothing', () => {
    const pair = aReadyPair();
    pair.runUntil(() => false, 1000);
    const { unacknowledged, roundTripMs } = pair.clientSession.stats;
    for (const number of [77, 4_000_000_000, 0]) {
      const body = new TextEncoder().encode(`{"AcknowledgedMessageSequenceNumber":${number}}`);
      pair.clientSession.receive(forged('acknowledge', 0, 0, body), pair.now);
    }
    expect(pair.clientSession.stats).toMatchObject({ unacknowledged, roundTripMs });
    expect(pair.client.discarded).toEqual(new Array(3).fill('SSM_ACKNOWLEDGEMENT_UNKNOWN'));
  });

  it('changes nothing by repeating old messages, which are acknowledged again', () => {
    const acknowledged: number[] = [];
    const pair = new SimulatedPair({
      sha256,
      random: () => 0.999,
      onFrame: (from) => void (from === 'client' && acknowledged.push(0)),
    }).start();
    pair.runUntil(() => false, 1000);
    const before = acknowledged.length;
    pair.clientSession.receive(forged('output_stream_data', 0, 1, Uint8Array.of(1)), pair.now);
    expect(acknowledged.length).toBe(before + 1);
    expect(pair.client.discarded).toEqual(['SSM_SEQUENCE_REPEATED']);
  });

  it('is refused by the client for a wrong digest, which the agent does not look at', () => {
    const pair = aReadyPair();
    const toClient = pair.clientSession.stats.messagesReceived;
    const toAgent = pair.agentSession.stats.messagesReceived;
    const nop = encodeSmux(smuxCommands.nop, 0);
    const down = forged('output_stream_data', toClient, 1, nop);
    const up = forged('input_stream_data', toAgent, 1, nop);
    down[80]! ^= 1;
    up[80]! ^= 1;
    pair.clientSession.receive(down, pair.now);
    pair.agentSession.receive(up, pair.now);
    expect(pair.client.discarded).toEqual(['SSM_DIGEST_MISMATCH']);
    expect(pair.clientSession.stats.messagesReceived).toBe(toClient);
    expect(pair.agentSession.stats.messagesReceived).toBe(toAgent + 1);
  });

  it('sees its data for unknown streams read and dropped', () => {
    const pair = aReadyPair();
    const sequence = pair.agentSession.stats.messagesReceived;
    const bytes = joinBytes([
      encodeSmux(smuxCommands.psh, 4_000_000_000, new Uint8Array(100)),
      encodeSmux(smuxCommands.fin, 4_000_000_000),
    ]);
    pair.agentSession.receive(forged('input_stream_data', sequence, 1, bytes), pair.now);
    expect(pair.agentSession.stats.streams).toBe(0);
    expect(pair.finished).toBeUndefined();
  });
});
