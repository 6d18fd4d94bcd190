import { Problem } from '@sallyport/problems';

/** What a conversation waits for before it stands: the addresses of its name, the answer to its dial. */
export class Opening {
  readonly #abort = new AbortController();
  #settled = false;
  #then: (() => void) | undefined;

  /** Aborts when nobody wants it any more, or when it takes too long. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Breaks off what goes on for it; `afterwards` is called once nothing does, at once when that is so already. */
  abandon(afterwards: () => void): void {
    if (this.#settled) return afterwards();
    this.#then = afterwards;
    this.#abort.abort(new Problem('FLOW_RESET'));
  }

  /** It took too long. */
  tooLate(): void {
    this.#abort.abort(new Problem('FLOW_TIMED_OUT'));
  }

  /** Nothing goes on for it any more. */
  settle(): void {
    this.#settled = true;
    this.#then?.();
  }
}
