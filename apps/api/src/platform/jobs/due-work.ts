import type { Effects, TimerHandle } from '@sallyport/effects';
import type { UnitOfWork } from '../database/unit-of-work.ts';

/** A kind of work that falls due by the clock: requests lapse, grants begin and end, silent sessions are lost. */
export interface DueJob {
  readonly name: string;
  /** Does everything that is due at `now`; must be safe to call at any time. */
  run(now: number): Promise<void>;
  /** Unix milliseconds of the next thing to do, or undefined when there is none. */
  nextAt(): Promise<number | undefined>;
}

/** Timers are set anew after each commit; this is for what other processes commit. */
const longestWaitMs = 5_000;
const shortestWaitMs = 50;

/**
 * Runs due jobs at their time and the overdue ones at start. It only tidies: every read compares the clock itself, so
 * a late timer never lets anybody in.
 */
export class DueWork {
  readonly #effects: Effects;
  readonly #unitOfWork: UnitOfWork;
  readonly #jobs: DueJob[] = [];
  #timer: TimerHandle | undefined;
  #turn: Promise<void> = Promise.resolve();
  #asked = false;
  #stopped = true;
  #unsubscribe: () => void = () => undefined;

  constructor(effects: Effects, unitOfWork: UnitOfWork) {
    this.#effects = effects;
    this.#unitOfWork = unitOfWork;
  }

  /** Before {@link start}. */
  register(job: DueJob): void {
    this.#jobs.push(job);
  }

  /** Does what is overdue, then keeps time. */
  async start(): Promise<void> {
    this.#stopped = false;
    this.#unsubscribe = this.#unitOfWork.onCommit(() => this.wake());
    this.wake();
    await this.#turn;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    this.#cancel();
    await this.#turn;
  }

  /** Looks at the clock again; several calls during one turn make one more turn. */
  wake(): void {
    if (this.#asked || this.#stopped) return;
    this.#asked = true;
    this.#turn = this.#turn.then(() => this.#runAll());
  }

  /** Resolves when no turn is under way; for tests and the simulation. */
  async idle(): Promise<void> {
    let seen;
    do await (seen = this.#turn);
    while (seen !== this.#turn);
  }

  async #runAll(): Promise<void> {
    this.#asked = false;
    if (this.#stopped) return;
    let next = longestWaitMs;
    for (const job of this.#jobs) {
      try {
        await job.run(this.#effects.clock.now());
        const at = await job.nextAt();
        if (at !== undefined) next = Math.min(next, at - this.#effects.clock.now());
      } catch (error) {
        const seen = error as { code?: string; name?: string };
        this.#effects.log.write('error', 'jobs: a job failed', {
          job: job.name,
          error: seen.code ?? seen.name,
        });
        next = Math.min(next, 1_000);
      }
    }
    this.#cancel();
    if (!this.#stopped)
      this.#timer = this.#effects.timers.after(Math.max(shortestWaitMs, next), () => this.wake());
  }

  #cancel(): void {
    if (this.#timer) this.#effects.timers.cancel(this.#timer);
    this.#timer = undefined;
  }
}
