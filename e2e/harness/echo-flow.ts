import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SeededRandom } from '@sallyport/effects/simulated';

/** Bytes that repeat with a prime period, so that any shift shows. */
const period = 1_048_573;
const pattern = new SeededRandom(20_260_101).bytes(period);
const inFlightMax = 48 * 1024;
const everyMs = 10;

/**
 * One local TCP connection to an echo that speaks without a pause and compares what comes back byte by byte. It tells what a person's own program
 * would notice: a wrong byte, a missing one, silence, or a connection that is gone.
 */
export class EchoFlow {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  readonly #watchers = new Set<() => void>();
  /** Where the echo differed from what was sent; undefined while all is well. */
  wrongAt: number | undefined;
  gone = false;
  #sent = 0;
  #received = 0;
  #silent = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#compare(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.gone = true;
      clearInterval(this.#timer);
      this.#tell();
    });
    this.#timer = setInterval(() => this.#speak(), everyMs);
  }

  static async to(port: number): Promise<EchoFlow> {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return new EchoFlow(socket);
  }

  get echoed(): number {
    return this.#received;
  }

  /** Resolves to true when something that is said from now on has come back, and to false when the connection is gone. */
  answers(): Promise<boolean> {
    const mark = this.#sent + 1;
    return this.#until(() => this.#received >= mark);
  }

  /** Resolves to true when this many bytes more have come back. */
  carries(bytes: number): Promise<boolean> {
    const mark = this.#received + bytes;
    return this.#until(() => this.#received >= mark);
  }

  /** Says nothing more until {@link speakAgain}; resolves to true when all that was said has come back, and to false when the connection is gone. */
  fallsSilent(): Promise<boolean> {
    this.#silent = true;
    return this.#until(() => this.#received >= this.#sent);
  }

  speakAgain(): void {
    this.#silent = false;
  }

  close(): void {
    this.#socket.destroy();
  }

  #until(done: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const look = () => {
        if (!done() && !this.gone && this.wrongAt === undefined) return;
        this.#watchers.delete(look);
        resolve(done() && this.wrongAt === undefined);
      };
      this.#watchers.add(look);
      look();
    });
  }

  #speak(): void {
    if (this.#silent) return;
    const room = Math.min(16 * 1024, inFlightMax - (this.#sent - this.#received));
    if (room <= 0) return;
    const from = this.#sent % period;
    const bytes = pattern.subarray(from, Math.min(period, from + room));
    this.#sent += bytes.length;
    this.#socket.write(bytes);
  }

  #compare(bytes: Buffer): void {
    for (const byte of bytes) {
      if (byte !== pattern[this.#received % period] || this.#received >= this.#sent) {
        this.wrongAt ??= this.#received;
        this.#socket.destroy();
        return this.#tell();
      }
      this.#received += 1;
    }
    this.#tell();
  }

  #tell(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}
