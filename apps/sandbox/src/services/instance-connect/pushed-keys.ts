import type { Clock } from '@sallyport/effects';
import { limits } from '../../limits.ts';

interface PushedKey {
  /** One line in the form of an authorized_keys file. */
  readonly line: string;
  readonly goodUntil: number;
}

/** The keys that Instance Connect has put into the metadata of instances, each for 60 s by the cloud's clock. */
export class PushedKeys {
  readonly #clock: Clock;
  /** By instance and user. */
  readonly #keys = new Map<string, PushedKey[]>();
  readonly #listeners: ((instanceId: string) => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Puts a key there; the oldest goes when there are too many for one user. */
  push(instanceId: string, user: string, line: string): void {
    this.#sweep();
    const place = `${instanceId} ${user}`;
    const others = (this.#keys.get(place) ?? []).filter((key) => key.line !== line);
    const goodUntil = this.#clock.now() + limits.pushedKeyMs;
    this.#keys.set(place, [...others, { line, goodUntil }].slice(-limits.pushedKeysPerUserMax));
    for (const listener of this.#listeners) listener(instanceId);
  }

  /** Calls back after each key that was put to an instance. */
  onChange(listener: (instanceId: string) => void): void {
    this.#listeners.push(listener);
  }

  /** What the instance's sshd finds when it asks who may sign in as that user. */
  of(instanceId: string, user: string): readonly string[] {
    this.#sweep();
    return (this.#keys.get(`${instanceId} ${user}`) ?? []).map(({ line }) => line);
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [place, keys] of this.#keys) {
      const good = keys.filter(({ goodUntil }) => goodUntil > now);
      if (good.length === 0) this.#keys.delete(place);
      else this.#keys.set(place, good);
    }
  }
}
