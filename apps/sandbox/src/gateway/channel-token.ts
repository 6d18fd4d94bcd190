import { createHash, timingSafeEqual } from 'node:crypto';
import type { Effects } from '@sallyport/effects';
import { limits } from '../limits.ts';

/** The token that opens one channel. Issuing a new one voids the one before; only its digest is kept. */
export class ChannelToken {
  readonly #effects: Pick<Effects, 'clock' | 'random'>;
  #held: { readonly digest: Uint8Array; readonly issuedAt: number } | undefined;

  constructor(effects: Pick<Effects, 'clock' | 'random'>) {
    this.#effects = effects;
  }

  issue(): string {
    const token = Buffer.from(this.#effects.random.bytes(144)).toString('base64');
    this.#held = { digest: digestOf(token), issuedAt: this.#effects.clock.now() };
    return token;
  }

  /** Whether the token is the one issued last, and still fresh. */
  admits(token: string): boolean {
    if (this.#held === undefined) return false;
    const fresh = this.#effects.clock.now() - this.#held.issuedAt <= limits.tokenLifeMs;
    return timingSafeEqual(this.#held.digest, digestOf(token)) && fresh;
  }
}

function digestOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}
