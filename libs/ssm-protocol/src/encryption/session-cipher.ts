import type { Role } from '../channel/data-channel.ts';
import { openPayload, sealPayload, splitDataKey, type AesGcm } from './payload-seal.ts';

/** What an end needs to encrypt; handed in, since this library knows no crypto. */
export interface SessionEncryption {
  readonly gcm: AesGcm;
  /** Unpredictable bytes, as from the system's generator. */
  readonly randomBytes: (length: number) => Uint8Array;
}

const nonceBytes = 12;

/**
 * The two directions of one encrypted session: bytes 0..31 of the data key seal what the agent sends, 32..63 what the client sends.
 * The client draws a random nonce for each payload, the agent draws one and counts up from it, as the official ends do.
 */
export class SessionCipher {
  readonly #encryption: SessionEncryption;
  readonly #seals: Uint8Array;
  readonly #opens: Uint8Array;
  readonly #counter: Uint8Array | undefined;

  /** Throws RangeError for a data key that has not 64 bytes. */
  constructor(role: Role, dataKey: Uint8Array, encryption: SessionEncryption) {
    const { agentToClient, clientToAgent } = splitDataKey(dataKey);
    this.#encryption = encryption;
    this.#seals = role === 'client' ? clientToAgent : agentToClient;
    this.#opens = role === 'client' ? agentToClient : clientToAgent;
    this.#counter = role === 'agent' ? Uint8Array.from(encryption.randomBytes(nonceBytes)) : undefined;
  }

  /** nonce || ciphertext || tag. */
  seal(plaintext: Uint8Array): Uint8Array {
    return sealPayload(this.#encryption.gcm, this.#seals, this.#nonce(), plaintext);
  }

  /** The plaintext; undefined when it is not authentic. */
  open(payload: Uint8Array): Uint8Array | undefined {
    return openPayload(this.#encryption.gcm, this.#opens, payload);
  }

  #nonce(): Uint8Array {
    if (this.#counter === undefined) return this.#encryption.randomBytes(nonceBytes);
    countUp(this.#counter);
    return this.#counter;
  }
}

/** Adds one: three 32-bit words, each little-endian, the carry going to the word above. */
export function countUp(nonce: Uint8Array): void {
  for (let at = 0; at < nonce.length; at += 1) {
    nonce[at] = (nonce[at]! + 1) & 0xff;
    if (nonce[at] !== 0) return;
  }
}
