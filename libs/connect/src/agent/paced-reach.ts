import { Duplex } from 'node:stream';
import { Pacer } from '@sallyport/agent-protocol';
import type { Effects, TimerHandle } from '@sallyport/effects';
import type { Reach } from '@sallyport/tunnel';

type Ports = Pick<Effects, 'clock' | 'timers'>;
interface Pace {
  readonly up: Pacer;
  readonly down: Pacer;
}

/**
 * A reach that carries no more than so many bits per second in each direction, all conversations together: streams wait, datagrams and packets are dropped, as on a
 * slower line. Names and pings are let through.
 */
export function paced(reach: Reach, bitsPerSecond: number, ports: Ports): Reach {
  const pace: Pace = {
    up: new Pacer(bitsPerSecond, ports.clock),
    down: new Pacer(bitsPerSecond, ports.clock),
  };
  const openUdp = reach.openUdp?.bind(reach);
  const packets = reach.packets?.bind(reach);
  return {
    get carries() {
      return reach.carries;
    },
    openTcp: async (to, signal) => new PacedStream(await reach.openTcp(to, signal), pace, ports.timers),
    ...(openUdp && {
      openUdp: (to, received, ended) => {
        const flow = openUdp(to, admitted(pace.down, received), ended);
        return { send: admitted(pace.up, (datagram) => flow.send(datagram)), close: () => flow.close() };
      },
    }),
    ...(packets && {
      packets: (received) => {
        const way = packets(admitted(pace.down, received));
        return { send: admitted(pace.up, (packet) => way.send(packet)), close: () => way.close() };
      },
    }),
    ...(reach.echo && { echo: reach.echo.bind(reach) }),
    ...(reach.resolve && { resolve: reach.resolve.bind(reach) }),
  };
}

function admitted(pacer: Pacer, pass: (bytes: Uint8Array) => void): (bytes: Uint8Array) => void {
  return (bytes) => {
    if (pacer.admits(bytes.length)) pass(bytes);
  };
}

/** One conversation at the speed of all: what is beyond it waits, and with it who says it. */
class PacedStream extends Duplex {
  readonly #inner: Duplex;
  readonly #pace: Pace;
  readonly #timers: Effects['timers'];
  readonly #waits = new Set<TimerHandle>();
  /** Nothing is read before this much was waited for. */
  #owes = false;

  constructor(inner: Duplex, pace: Pace, timers: Effects['timers']) {
    super({ allowHalfOpen: true });
    this.#inner = inner;
    this.#pace = pace;
    this.#timers = timers;
    // What a stream failed with is told by its reader; an end that nobody listens to is no reason to end the program.
    this.on('error', () => undefined);
    inner.on('data', (bytes: Buffer) => this.#down(bytes));
    inner.on('end', () => this.push(null));
    inner.on('error', (error) => this.destroy(error));
    inner.on('close', () => {
      if (!inner.readableEnded) this.destroy();
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const waitMs = this.#pace.up.take(chunk.length);
    const paid = () => (waitMs > 0 ? this.#after(waitMs, done) : done());
    if (this.#inner.write(chunk)) paid();
    else this.#inner.once('drain', paid);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inner.end();
    done();
  }

  override _read(): void {
    if (!this.#owes) this.#inner.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    for (const wait of this.#waits) this.#timers.cancel(wait);
    this.#inner.destroy();
    done(error);
  }

  #down(bytes: Buffer): void {
    const waitMs = this.#pace.down.take(bytes.length);
    const more = this.push(bytes);
    if (!more || waitMs > 0) this.#inner.pause();
    if (waitMs === 0) return;
    this.#owes = true;
    this.#after(waitMs, () => {
      this.#owes = false;
      if (this.readableLength < this.readableHighWaterMark) this.#inner.resume();
    });
  }

  #after(ms: number, run: () => void): void {
    const wait = this.#timers.after(ms, () => {
      this.#waits.delete(wait);
      run();
    });
    this.#waits.add(wait);
  }
}
