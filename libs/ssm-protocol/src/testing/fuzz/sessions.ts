import type { WireEnvironment } from '../../environment.ts';
import type { WireReason } from '../../errors.ts';
import { readBufferBytesMax, reorderBytesMax, sessionWriteBytesMax } from '../../limits.ts';
import { encodeMessage } from '../../message/encode.ts';
import { messageTypes } from '../../message/message-type.ts';
import type { Chance } from '../chance.ts';
import { SimulatedPair } from '../simulated-pair.ts';
import { catalogued } from './decoders.ts';

const types = [...Object.values(messageTypes), 'agent_job'];
const inputsPerPair = 48;

/** Feeds hostile payloads in well-formed messages to a whole client and a whole agent, before and after their handshake. */
export class SessionFuzzer {
  readonly #sha256: WireEnvironment['sha256'];
  readonly #chance: Chance;
  #pair: SimulatedPair | undefined;
  #left = 0;

  constructor(chance: Chance, sha256: WireEnvironment['sha256']) {
    this.#chance = chance;
    this.#sha256 = sha256;
  }

  judge(payload: Uint8Array): string | undefined {
    const chance = this.#chance;
    if (this.#left === 0 || this.#pair === undefined) {
      this.#left = inputsPerPair;
      this.#pair = new SimulatedPair({ sha256: this.#sha256, random: () => chance.next() });
      if (chance.happens(0.7)) this.#pair.start();
    }
    this.#left -= 1;
    const pair = this.#pair;
    const side = chance.happens(0.5) ? 'client' : 'agent';
    const session = side === 'client' ? pair.clientSession : pair.agentSession;
    const { discarded } = pair[side];
    const before = discarded.length;
    session.receive(this.#message(session.stats.messagesReceived, payload), pair.now);
    session.pump(pair.now);
    for (const reason of discarded.slice(before)) {
      if (!catalogued(reason satisfies WireReason)) return `${side}: ${String(reason)} is not catalogued`;
    }
    const { queuedBytes, keptBytes, earlyBytes } = session.stats;
    if (queuedBytes > sessionWriteBytesMax) return `${side}: ${queuedBytes} bytes wait to be sent`;
    if (keptBytes > readBufferBytesMax + payload.length)
      return `${side}: keeps ${keptBytes} bytes for readers`;
    return earlyBytes > reorderBytesMax ? `${side}: keeps ${earlyBytes} early bytes` : undefined;
  }

  #message(expected: number, payload: Uint8Array): Uint8Array {
    const chance = this.#chance;
    const near = expected + chance.whole(-1, 3);
    const sequenceNumber = chance.happens(0.8)
      ? near
      : chance.one([-1n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)]);
    const frame = encodeMessage(
      {
        messageType: chance.one(types),
        createdDate: 1_700_000_000_000,
        sequenceNumber,
        flags: chance.whole(0, 3),
        messageId: '00112233-4455-4677-8899-aabbccddeeff',
        payloadType: chance.whole(0, 14),
        payload: payload.length === 0 ? Uint8Array.of(0) : payload,
      },
      this.#sha256,
    );
    if (chance.happens(0.05)) frame[chance.whole(0, frame.length - 1)]! ^= 1;
    return frame;
  }
}
