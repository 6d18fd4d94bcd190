import type { Chance } from '../chance.ts';

/** Numbers that lengths and counts are tried with: edges of every integer width. */
const edges = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** Texts that break readers of JSON which believe what they are told. */
const hostileTexts = [
  '',
  'null',
  '[]',
  '"text"',
  '1e999',
  '{',
  '[['.repeat(2000),
  '{"a":'.repeat(500),
  '{"RequestedClientActions":[null]}',
  '{"RequestedClientActions":{"length":1e9}}',
  `{"RequestedClientActions":[${'{"ActionType":"SessionType"},'.repeat(40)}{}]}`,
  '{"AgentVersion":{},"RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":[]}]}',
  '{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Port","Properties":{"type":1}}}]}',
  '{"RequestedClientActions":[{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":null}}]}',
  '{"ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":"1"}],"Errors":7}',
  '{"ClientVersion":"9.9.9.9","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1}]}',
  '{"HandshakeTimeToComplete":-1,"CustomerMessage":7}',
  '{"AcknowledgedMessageSequenceNumber":-1}',
  '{"AcknowledgedMessageSequenceNumber":1e400}',
  '{"AcknowledgedMessageSequenceNumber":99999999999999999999}',
  '{"AcknowledgedMessageSequenceNumber":0,"IsSequentialMessage":true}',
  '{"__proto__":{"TokenValue":"x"}}',
  '{"TokenValue":"t","ClientInstanceId":7}',
  '{"TokenValue":"t","Cookie":null,"AgentVersion":[]}',
  '{"TokenValue":{"toString":1}}',
  '{"Output":{"toString":null}}',
  '\u0000'.repeat(64),
  '\ud800{"a":1}',
];
const encoder = new TextEncoder();
const hostilePayloads = hostileTexts.map((text) => encoder.encode(text));

/**
 * Makes hostile inputs out of seeded chance: noise, seeds with bits and bytes changed, cut or grown, lengths overwritten with edges,
 * two seeds spliced. One buffer is reused, so an input lives until the next.
 */
export class HostileBytes {
  readonly #chance: Chance;
  readonly #seeds: readonly Uint8Array[];
  readonly #buffer = new Uint8Array(16_384);

  /** `seeds`: well-formed inputs to begin from. */
  constructor(chance: Chance, seeds: readonly Uint8Array[]) {
    this.#chance = chance;
    this.#seeds = [...seeds, ...hostilePayloads].filter(({ length }) => length < 8192);
  }

  /** The next input; a view of the shared buffer. */
  next(): Uint8Array {
    const chance = this.#chance;
    if (chance.happens(0.15)) return this.#noise();
    let length = this.#put(chance.one(this.#seeds), 0);
    if (chance.happens(0.1)) length = this.#put(chance.one(this.#seeds), chance.whole(0, length));
    for (let left = chance.whole(0, 4); left > 0 && length > 0; left -= 1) this.#change(length);
    if (chance.happens(0.2)) length = chance.whole(0, length);
    if (chance.happens(0.1)) {
      const grown = Math.min(this.#buffer.length, length + chance.whole(1, 300));
      chance.fill(this.#buffer, length, grown);
      length = grown;
    }
    return this.#buffer.subarray(0, length);
  }

  #noise(): Uint8Array {
    const length = this.#chance.whole(0, this.#chance.happens(0.1) ? 2048 : 160);
    this.#chance.fill(this.#buffer, 0, length);
    return this.#buffer.subarray(0, length);
  }

  #put(bytes: Uint8Array, at: number): number {
    const room = Math.min(bytes.length, this.#buffer.length - at);
    this.#buffer.set(bytes.subarray(0, room), at);
    return at + room;
  }

  #change(length: number): void {
    const chance = this.#chance;
    const at = chance.whole(0, length - 1);
    const kind = chance.whole(0, 3);
    if (kind === 0) this.#buffer[at]! ^= 1 << chance.whole(0, 7);
    else if (kind === 1) this.#buffer[at] = chance.whole(0, 255);
    else {
      // Four bytes of an edge, big- or little-endian, often where the header has its lengths.
      const edge = chance.one(edges);
      const target = chance.happens(0.5) && length > 120 ? chance.one([0, 36, 48, 52, 112, 116, 122]) : at;
      for (let index = 0; index < 4 && target + index < length; index += 1) {
        this.#buffer[target + index] = edge >>> (kind === 2 ? 24 - index * 8 : index * 8);
      }
    }
  }
}
