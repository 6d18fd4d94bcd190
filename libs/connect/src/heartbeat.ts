import { ApiProblem } from '@sallyport/api-client';
import type { Effects, TimerHandle } from '@sallyport/effects';
import type { CloseOrder, ControlPlane } from './control-plane.ts';
import type { Debug } from './debug.ts';

export type Beat = Parameters<ControlPlane['beat']>[1];

/** What a beat brought: the tunnel may go on, it may not (an event told why), or no answer that says either. */
export type BeatAnswer = 'go-on' | 'over' | 'none';

export interface HeartbeatEvents {
  /** The control plane says: close now. */
  ordered(order: CloseOrder): void;
  /** It refuses the beat for good (signed out, session forgotten). */
  refused(problem: ApiProblem): void;
  /** It answered this beat; the grant ends then. */
  answered(endsAt: string, beat: Beat): void;
  /** It can be reached again after beats to which nothing answered at all. */
  reachedAgain(): void;
}

const everyMs = 10_000;
/** A hint about our own session this soon after our own beat is its echo. */
const echoMs = 500;

/** Tells the control plane that the session lives and hears from it when it shall not. One beat at a time. */
export class Heartbeat {
  readonly #controlPlane: ControlPlane;
  readonly #effects: Effects;
  readonly #events: HeartbeatEvents;
  readonly #sessionId: string;
  readonly #present: () => Beat;
  readonly #debug: Debug;
  readonly #stopped = new AbortController();
  #timer: TimerHandle | undefined;
  #flying: Promise<BeatAnswer> | undefined;
  #next: Promise<BeatAnswer> | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** Nothing answered the latest beat. */
  #alone = false;

  constructor(
    { controlPlane, effects, debug }: { controlPlane: ControlPlane; effects: Effects; debug: Debug },
    sessionId: string,
    present: () => Beat,
    events: HeartbeatEvents,
  ) {
    this.#controlPlane = controlPlane;
    this.#effects = effects;
    this.#events = events;
    this.#sessionId = sessionId;
    this.#present = present;
    this.#debug = debug;
  }

  start(): void {
    this.#timer = this.#effects.timers.every(everyMs, () => void this.beat());
  }

  stop(): void {
    if (this.#timer) this.#effects.timers.cancel(this.#timer);
    this.#stopped.abort();
  }

  /**
   * Beats now and resolves with what the control plane answered. While a beat is under way, one more follows it: an answer that set
   * out before the question does not count.
   */
  beat(): Promise<BeatAnswer> {
    if (!this.#flying) return (this.#flying = this.#send().finally(() => (this.#flying = undefined)));
    return (this.#next ??= this.#flying.then(() => {
      this.#next = undefined;
      return this.beat();
    }));
  }

  /**
   * A live hint about our session: beats, unless the hint is the echo of our own beat (it would echo again, for ever). What is missed then, the
   * channel itself tells, or the next beat.
   */
  hinted(): void {
    const echo = this.#flying !== undefined || this.#effects.clock.monotonic() - this.#answeredAt < echoMs;
    if (!echo) void this.beat();
  }

  async #send(): Promise<BeatAnswer> {
    if (this.#stopped.signal.aborted) return 'over';
    const beat = this.#present();
    try {
      const { close, session } = await this.#controlPlane.beat(this.#sessionId, beat, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return 'over';
      this.#answeredAt = this.#effects.clock.monotonic();
      this.#debug('heartbeat', { answer: close?.code ?? 'go on' });
      const wasAlone = this.#alone;
      this.#alone = false;
      if (close) this.#events.ordered(close);
      else this.#events.answered(session.endsAt, beat);
      if (wasAlone && !close) this.#events.reachedAgain();
      return close ? 'over' : 'go-on';
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): BeatAnswer {
    if (this.#stopped.signal.aborted) return 'over';
    if (!(error instanceof ApiProblem)) {
      this.#alone = true;
      this.#debug('heartbeat', { answer: 'none' });
      return 'none';
    }
    this.#debug('heartbeat', { answer: error.code });
    if (error.kind === 'ended') this.#events.ordered(orderOf(error));
    else if (['unauthenticated', 'missing', 'conflict', 'refused'].includes(error.kind))
      this.#events.refused(error);
    // What is left is for a while only: limited, unavailable, or a fault on the other side.
    else return 'none';
    return 'over';
  }
}

/** The order to close that an ended grant's refusal amounts to. */
export function orderOf(problem: ApiProblem): CloseOrder {
  const { endReason, endComment } = problem.document;
  return {
    code: problem.code === 'SESSION_TERMINATED' ? 'SESSION_TERMINATED' : 'GRANT_ENDED',
    reason: typeof endReason === 'string' ? endReason : 'expired',
    comment: typeof endComment === 'string' ? endComment : null,
  };
}
