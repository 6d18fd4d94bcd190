import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** One connection to the service that answers `DOWN 1` with one byte: the smallest question and answer. */
export class Echo {
  readonly #socket: Socket;
  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async on(port: number): Promise<Echo> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const echo = new Echo(socket);
    await echo.once();
    return echo;
  }

  /** Milliseconds from the question to the answer. */
  async once(): Promise<number> {
    const answered = once(this.#socket, 'data');
    const asked = performance.now();
    this.#socket.write('DOWN 1\n');
    await answered;
    return performance.now() - asked;
  }

  /** Times of `count` questions, one every `everyMs`. */
  async times(count: number, everyMs: number): Promise<number[]> {
    const times: number[] = [];
    while (times.length < count) {
      times.push(await this.once());
      await new Promise((later) => setTimeout(later, everyMs));
    }
    return times;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The value below which the given share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
