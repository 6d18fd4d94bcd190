import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Debug } from '../debug.ts';
import type { PushKey } from './instance-connect.ts';
import { memoryKey, type MemoryKey } from './memory-key.ts';
import type { SshLease } from './ssh-lease.ts';

/** A pushed key lives 60 s; one pushed longer ago than this is pushed again. */
const pushedForMs = 40_000;

export interface PushedKeyParts {
  /** A lease that is good for a push now, for the instance where the session ends. */
  readonly lease: () => Promise<SshLease>;
  readonly pushKey: PushKey;
  readonly effects: Pick<Effects, 'clock'>;
  readonly debug: Debug;
}

/** The key of one connection to one instance: made in memory, handed to the instance by Instance Connect whenever it is asked for and may have run out there. */
export class PushedKey {
  readonly #parts: PushedKeyParts;
  #kind: MemoryKey['kind'] = 'ed25519';
  #key: Promise<MemoryKey> | undefined;
  #pushed: { readonly at: number; readonly done: Promise<MemoryKey> } | undefined;

  constructor(parts: PushedKeyParts) {
    this.#parts = parts;
  }

  /** The key, once the instance has it. Refuses with SSH_KEY_REFUSED, SSM_THROTTLED, SSM_UNREACHABLE or what stood in the way of a lease. */
  inPlace(): Promise<MemoryKey> {
    const now = this.#parts.effects.clock.monotonic();
    if (this.#pushed && now - this.#pushed.at < pushedForMs) return this.#pushed.done;
    const pushed = { at: now, done: this.#push() };
    this.#pushed = pushed;
    pushed.done.catch(() => this.#forget(pushed));
    return pushed.done;
  }

  /** The server takes no Ed25519: from now on the key is an RSA one. */
  preferRsa(): void {
    if (this.#kind === 'rsa') return;
    this.#kind = 'rsa';
    this.#key = undefined;
    this.#pushed = undefined;
  }

  /** The connection was broken meanwhile: what was pushed before is pushed again when it is next asked for. */
  renew(): void {
    this.#pushed = undefined;
  }

  async #push(): Promise<MemoryKey> {
    const { lease, pushKey, debug } = this.#parts;
    const key = await (this.#key ??= memoryKey(this.#kind));
    const to = await lease();
    debug('ssh', { push: key.kind, instance: to.instanceId });
    if ((await pushKey(to, key.publicKey, new AbortController().signal)) === 'pushed') return key;
    if (this.#kind === 'rsa')
      throw new Problem('SSH_KEY_REFUSED', { detail: 'Neither an Ed25519 nor an RSA key was taken.' });
    this.#kind = 'rsa';
    this.#key = undefined;
    return this.#push();
  }

  #forget(pushed: object): void {
    if (this.#pushed === pushed) this.#pushed = undefined;
  }
}
