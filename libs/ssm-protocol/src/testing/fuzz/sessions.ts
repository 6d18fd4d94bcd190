import type { WireEnvironment } from '../../environment.ts';
import type { AesGcm } from '../../encryption/payload-seal.ts';
import type { WireReason } from '../../errors.ts';
import { readBufferBytesMax, reorderBytesMax, sessionWriteBytesMax } from '../../limits.ts';
import { encodeMessage } from '../../message/encode.ts';
import { messageTypes } from '../../message/message-type.ts';
import { shellTypes, type ClientShell, type ShellStats } from '../../session/shell-contract.ts';
import type { Chance } from '../chance.ts';
import { SimulatedPair } from '../simulated-pair.ts';
import { SimulatedShell } from '../simulated-shell.ts';
import { catalogued } from './decoders.ts';

const types = [...Object.values(messageTypes), 'agent_job'];
const inputsPerPair = 48;

/** Payload types that only shells know come as often as the others. */
const payloadTypesTo = 14;

/** Stands in for AES-GCM where only the paths around it are looked at: a payload opens when its last byte is even. */
const lenientGcm: AesGcm = {
  encrypt: (_key, _nonce, plaintext) => new Uint8Array([...plaintext, ...new Uint8Array(16)]),
  decrypt: (_key, _nonce, sealed) => (sealed.at(-1)! % 2 === 0 ? sealed.slice(0, -16) : undefined),
};

type FedStats = Pick<ShellStats, 'messagesReceived' | 'queuedBytes' | 'keptBytes' | 'earlyBytes'>;

/** Feeds hostile payloads in well-formed messages to a whole client and a whole agent, before and after their handshake. */
export class SessionFuzzer {
  readonly #sha256: WireEnvironment['sha256'];
  readonly #chance: Chance;
  #pair: SimulatedPair | undefined;
  #shell: SimulatedShell | undefined;
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
      this.#shell = this.#aShell();
      if (chance.happens(0.7)) this.#pair.start();
    }
    this.#left -= 1;
    const pair = this.#pair;
    const side = chance.happens(0.5) ? 'client' : 'agent';
    if (chance.happens(0.5)) return this.#judgeShell(side, payload);
    const session = side === 'client' ? pair.clientSession : pair.agentSession;
    return this.#fed(side, session, pair[side].discarded, pair.now, payload);
  }

  #aShell(): SimulatedShell {
    const chance = this.#chance;
    const randomBytes = (length: number) => new Uint8Array(length).fill(7);
    const shell = new SimulatedShell({
      sha256: this.#sha256,
      random: () => chance.next(),
      type: chance.one(shellTypes),
      separateOutput: chance.happens(0.5),
      encryption: chance.happens(0.5) ? { gcm: lenientGcm, randomBytes } : undefined,
      demandsEncryption: chance.happens(0.3),
    });
    if (chance.happens(0.7)) shell.connect().runUntil(() => shell.started, 5_000);
    if (chance.happens(0.5)) shell.client.pauseReading();
    return shell;
  }

  #judgeShell(side: 'client' | 'agent', payload: Uint8Array): string | undefined {
    const shell = this.#shell!;
    const bytesBefore = shell.agent.stats.bytesReceived;
    const finding = this.#fed(side, shell[side], shell.discarded[side], shell.now, payload);
    if (finding !== undefined) return `shell: ${finding}`;
    const taken = shell.agent.stats.bytesReceived - bytesBefore;
    return taken > 0 && !shell.started ? 'shell: took data before the handshake' : undefined;
  }

  #fed(
    side: 'client' | 'agent',
    session: Pick<ClientShell, 'receive' | 'pump'> & { readonly stats: FedStats },
    discarded: readonly WireReason[],
    now: number,
    payload: Uint8Array,
  ): string | undefined {
    const before = discarded.length;
    session.receive(this.#message(session.stats.messagesReceived, payload), now);
    session.pump(now);
    for (const reason of discarded.slice(before)) {
      if (!catalogued(reason)) return `${side}: ${String(reason)} is not catalogued`;
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
        payloadType: chance.whole(0, payloadTypesTo),
        payload: payload.length === 0 ? Uint8Array.of(0) : payload,
      },
      this.#sha256,
    );
    if (chance.happens(0.05)) frame[chance.whole(0, frame.length - 1)]! ^= 1;
    return frame;
  }
}
