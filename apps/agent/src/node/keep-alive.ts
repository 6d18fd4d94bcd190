import type { Socket } from 'node:net';
import type { Timers } from '@sallyport/effects';

/** A connection is asked for signs of life once it has been silent for a minute; those that are over sooner need no preparation for it. */
const afterMs = 60_000;
const lookMs = 15_000;

/**
 * A destination that vanished without a word is noticed within minutes although nothing is sent. Four calls into the system for each connection, so they are
 * spared to the many that live for less than a look or two.
 */
export class KeepAlive {
  readonly #timers: Pick<Timers, 'after' | 'cancel'>;
  /** Those since the latest look, and those before it. */
  #young = new Set<Socket>();
  #older = new Set<Socket>();
  #looking: object | undefined;

  constructor(timers: Pick<Timers, 'after' | 'cancel'>) {
    this.#timers = timers;
  }

  /** Watches over a connection until it is closed. */
  watch(socket: Socket): void {
    this.#young.add(socket);
    socket.once('close', () => {
      this.#young.delete(socket);
      this.#older.delete(socket);
    });
    this.#looking ??= this.#timers.after(lookMs, () => this.#look());
  }

  /** How many are not yet kept alive. */
  get waiting(): number {
    return this.#young.size + this.#older.size;
  }

  close(): void {
    if (this.#looking !== undefined) this.#timers.cancel(this.#looking);
  }

  #look(): void {
    for (const socket of this.#older) socket.setKeepAlive(true, afterMs);
    this.#older = this.#young;
    this.#young = new Set();
    this.#looking = this.#older.size > 0 ? this.#timers.after(lookMs, () => this.#look()) : undefined;
  }
}
