/** Where a flow of datagrams goes on the far side, and how it is closed. */
export interface Closable {
  close(): void;
}

interface Entry<T> {
  readonly flow: T;
  seen: number;
}

/**
 * Flows of datagrams by key, at most `max` of them: the least recently used gives way. Flows without a datagram for `idleSeconds` are closed by
 * {@link DatagramFlows.sweep}.
 */
export class DatagramFlows<T extends Closable> {
  readonly max: number;
  readonly #idleSeconds: number;
  /** In the order of last use: what is used again goes to the end. */
  readonly #entries = new Map<string, Entry<T>>();
  #evicted = 0;

  constructor(max: number, idleSeconds: number) {
    this.max = max;
    this.#idleSeconds = idleSeconds;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many gave way because the table was full. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The flow of the key, now used; undefined when there is none. */
  use(key: string, now: number): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.seen = now;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.flow;
  }

  /** Adds a flow; the one longest unused is closed when there are too many. */
  add(key: string, flow: T, now: number): void {
    this.remove(key);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.max) break;
      this.#evicted += 1;
      this.remove(oldest);
    }
    this.#entries.set(key, { flow, seen: now });
  }

  /** Closes and forgets the flow of the key. */
  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    entry.flow.close();
  }

  /** Closes the flows that were idle too long. */
  sweep(now: number): void {
    for (const [key, { seen }] of this.#entries) {
      if (now - seen < this.#idleSeconds) return;
      this.remove(key);
    }
  }

  /** Closes the flows of which `which` is true, or all. */
  clear(which: (flow: T) => boolean = () => true): void {
    for (const [key, { flow }] of this.#entries) if (which(flow)) this.remove(key);
  }
}
