import type { Writable } from 'node:stream';

/** One line per step with the time it took; rewritten on a terminal, plain when piped. */
export class Progress {
  readonly #out: Writable & { isTTY?: boolean };
  #step: string | undefined;
  #since = 0;
  constructor(out: Writable & { isTTY?: boolean }) {
    this.#out = out;
  }
  begin(step: string): void {
    this.done();
    this.#step = step;
    this.#since = performance.now();
    if (this.#out.isTTY) this.#out.write(`  ${step} ...`);
  }
  done(): void {
    if (this.#step === undefined) return;
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(1);
    this.#out.write(`${this.#out.isTTY ? '\r' : ''}  ✓ ${this.#step.padEnd(28)} ${seconds.padStart(5)} s\n`);
    this.#step = undefined;
  }
  fail(): void {
    if (this.#step !== undefined) this.#out.write(`${this.#out.isTTY ? '\r' : ''}  ✗ ${this.#step}      \n`);
    this.#step = undefined;
  }
}
