import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Effects, TimerHandle } from '@sallyport/effects';
import type { ClientSession, StreamId } from '@sallyport/ssm-protocol';

/**
 * smux has no half-close: closing the stream would lose the answer to what was just asked. So after the local program said its last word, the stream
 * stays open until nothing has come back for this long.
 */
const quietAfterHalfCloseMs = 1_000;

/** Breaks a local connection so that its program learns of it: a TCP reset where there is TCP. */
export function breakOff(local: Duplex): void {
  // Only TCP has addresses, and only TCP can be reset.
  if (local instanceof Socket && local.localAddress !== undefined) local.resetAndDestroy();
  else local.destroy();
}

/** One local connection carried by one stream, with back-pressure both ways. */
export class LocalConnection {
  readonly stream: StreamId;
  readonly #socket: Duplex;
  readonly #session: ClientSession;
  readonly #effects: Effects;
  /** What the session had no room for yet; the socket is paused meanwhile. */
  #rest: Uint8Array | undefined;
  #half: TimerHandle | undefined;
  #saidAll = false;
  #over = false;

  constructor(
    stream: StreamId,
    socket: Duplex,
    session: ClientSession,
    effects: Effects,
    events: { saidAll(): void; gone(): void },
  ) {
    this.stream = stream;
    this.#socket = socket;
    this.#session = session;
    this.#effects = effects;
    socket.on('data', (bytes: Buffer) => this.#up(bytes));
    socket.on('drain', () => session.resumeReading(stream));
    socket.on('end', () => {
      this.#saidAll = true;
      this.#armHalfClose();
      events.saidAll();
    });
    let failed = false;
    socket.on('error', () => (failed = true));
    socket.on('close', () => {
      if (this.#half) effects.timers.cancel(this.#half);
      if (!this.#over) {
        this.#over = true;
        if (failed || this.#rest) session.abort(stream);
        else session.end(stream);
      }
      events.gone();
    });
    socket.resume();
  }

  /** The local program closed its side; what it is still to hear may come. */
  get saidAll(): boolean {
    return this.#saidAll;
  }

  /** Bytes from the resource. */
  down(bytes: Uint8Array): void {
    if (this.#over) return;
    if (!this.#socket.write(bytes)) this.#session.pauseReading(this.stream);
    if (this.#saidAll) this.#armHalfClose();
  }

  /** The stream has room again. */
  writable(): void {
    const rest = this.#rest;
    if (rest === undefined) return;
    this.#rest = undefined;
    this.#up(rest);
    if (this.#rest === undefined) this.#socket.resume();
  }

  /** The resource closed: what has arrived still reaches the local program. */
  ended(): void {
    this.#over = true;
    if (this.#socket instanceof Socket) return this.#socket.destroySoon();
    this.#socket.end(() => this.#socket.destroy());
  }

  /** Break the local connection at once. */
  cut(): void {
    this.#over = true;
    breakOff(this.#socket);
  }

  #up(bytes: Uint8Array): void {
    const taken = this.#session.write(this.stream, bytes);
    if (taken === bytes.length || this.#over) return;
    this.#rest = bytes.subarray(taken);
    this.#socket.pause();
  }

  #armHalfClose(): void {
    const { timers } = this.#effects;
    if (this.#half) timers.cancel(this.#half);
    this.#half = timers.after(quietAfterHalfCloseMs, () => {
      if (this.#rest) return this.#armHalfClose();
      this.#socket.end();
    });
  }
}
