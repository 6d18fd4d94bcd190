import { Injectable } from '@nestjs/common';

export const liveTopics = ['access-request', 'grant', 'session', 'audit', 'resource'] as const;
export type LiveTopic = (typeof liveTopics)[number];

/** Whom a hint concerns. Whoever sends it authorises again, with what it then knows of the person. */
export interface Audience {
  readonly people: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly string[];
}

/** Something changed: read it. The state itself is never pushed. */
export interface LiveHint {
  readonly topic: LiveTopic;
  readonly id: string;
  readonly version: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly audience: Audience;
}

export type HintListener = (hint: LiveHint) => void;

/** Hands hints from commits to whoever shows them, within this process; a reader that misses one polls. */
@Injectable()
export class LiveHints {
  readonly #listeners = new Set<HintListener>();

  /** Returns the function that ends the subscription. Listeners must not throw. */
  subscribe(listener: HintListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(hints: readonly LiveHint[]): void {
    for (const hint of hints) for (const listener of this.#listeners) listener(hint);
  }
}
