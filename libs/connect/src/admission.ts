import type { Socket } from 'node:net';
import type { TimerHandle } from '@sallyport/effects';
import { breakOff } from './local-connection.ts';
import type { TunnelOptions, TunnelPorts } from './tunnel-options.ts';

/** A judge who has not answered by then says no: whose connection it is could not be found out. */
const judgedWithinMs = 10_000;

/** Judges local programs that connect before a byte of theirs is carried, and keeps none that nobody judges. */
export class Admission {
  readonly #ports: Pick<TunnelPorts, 'effects' | 'debug'>;
  readonly #admit: TunnelOptions['admit'];
  readonly #admitted: (socket: Socket) => void;
  readonly #judged = new Map<Socket, TimerHandle>();
  #closed = false;

  constructor(
    ports: Pick<TunnelPorts, 'effects' | 'debug'>,
    admit: TunnelOptions['admit'],
    admitted: (socket: Socket) => void,
  ) {
    this.#ports = ports;
    this.#admit = admit;
    this.#admitted = admitted;
  }

  /** Hands the connection on, or resets it. */
  async judge(socket: Socket): Promise<void> {
    // It may be reset while it is judged.
    socket.on('error', () => socket.destroy());
    if (!this.#admit) return this.#admitted(socket);
    if (this.#closed) return breakOff(socket);
    const { timers } = this.#ports.effects;
    this.#judged.set(
      socket,
      timers.after(judgedWithinMs, () => this.#refuse(socket)),
    );
    const yes = await Promise.resolve(this.#admit(socket)).catch(() => false);
    if (!this.#judged.has(socket)) return;
    if (!yes) return this.#refuse(socket);
    this.#forget(socket);
    if (!socket.destroyed) this.#admitted(socket);
  }

  /** Resets whatever is not judged yet: nothing waits for it. */
  close(): void {
    this.#closed = true;
    for (const socket of [...this.#judged.keys()]) this.#refuse(socket);
  }

  #refuse(socket: Socket): void {
    this.#forget(socket);
    this.#ports.debug('local', { admitted: false });
    breakOff(socket);
  }

  #forget(socket: Socket): void {
    const timer = this.#judged.get(socket);
    if (timer) this.#ports.effects.timers.cancel(timer);
    this.#judged.delete(socket);
  }
}
