import { Problem, type ProblemCode } from '@sallyport/problems';
import { questionsMax } from '../limits.ts';

interface Question {
  answered(body: Uint8Array): void;
  failed(code: ProblemCode): void;
}

/** Echo requests and questions of names that wait for their answer. */
export class Questions {
  readonly #waiting = new Map<number, Question>();
  #lastId = 0;

  /** Asks by `send`, which is given the id; `read` makes the answer of what comes back, or throws. Rejects with the signal's reason when that aborts first. */
  async ask<T>(send: (id: number) => void, read: (body: Uint8Array) => T, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#waiting.size >= questionsMax) throw new Problem('FLOW_LIMITED');
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const aborted = () => reject(signal.reason as Error);
    signal.addEventListener('abort', aborted, { once: true });
    this.#waiting.set(id, { answered: resolve, failed: (code) => reject(new Problem(code)) });
    try {
      send(id);
      return read(await promise);
    } finally {
      this.#waiting.delete(id);
      signal.removeEventListener('abort', aborted);
    }
  }

  /** An answer came; late ones are nobody's. */
  answered(id: number, body: Uint8Array): void {
    this.#waiting.get(id)?.answered(body);
  }

  /** Nobody will answer any more. */
  fail(code: ProblemCode): void {
    for (const question of [...this.#waiting.values()]) question.failed(code);
  }
}
