import type { Cast } from './read-recording.ts';
import { TerminalScreen, type Shown } from './terminal-screen.ts';
import { countShown, pauseMaxMs, timesOf } from './timeline.ts';

export const speeds = [0.5, 1, 2, 4, 8] as const;
export type Speed = (typeof speeds)[number];

/** How a replay stands. */
export interface ReplayState {
  readonly shown: Shown;
  readonly positionMs: number;
  readonly durationMs: number;
  readonly playing: boolean;
  readonly speed: Speed;
  readonly skipsPauses: boolean;
}

/** A page that slept does not leap. */
const stepMsMax = 1_000;

/** Shows a recording again at the pace at which it happened, or another. Driven by the frames of whoever shows it. */
export class Replay {
  readonly #cast: Cast;
  readonly #screen: TerminalScreen;
  readonly #listeners = new Set<() => void>();
  #times: readonly number[];
  /** Events that the screen has taken. */
  #taken = 0;
  #catching: Promise<void> | undefined;
  #frameAt: number | undefined;
  #state: ReplayState;

  constructor(cast: Cast) {
    this.#cast = cast;
    this.#screen = new TerminalScreen(cast.head);
    this.#times = timesOf(cast.events, pauseMaxMs);
    this.#state = {
      ...{ shown: this.#screen.shown(), positionMs: 0, durationMs: this.#times.at(-1) ?? 0 },
      ...{ playing: false, speed: 1, skipsPauses: true },
    };
    this.#catchUp();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): ReplayState => this.#state;

  /** Plays from where it stands, from the beginning where it stands at the end; or pauses. */
  toggle(): void {
    const { playing, positionMs, durationMs } = this.#state;
    this.#frameAt = undefined;
    if (!playing && positionMs >= durationMs) this.seek(0);
    this.#set({ playing: !playing });
  }

  seek(to: number): void {
    this.#set({ positionMs: Math.min(Math.max(0, to), this.#state.durationMs) });
    this.#catchUp();
  }

  setSpeed(speed: Speed): void {
    this.#set({ speed });
  }

  /** The same moment stays on the screen. */
  setSkipsPauses(skipsPauses: boolean): void {
    const before = this.#times;
    const at = countShown(before, this.#state.positionMs) - 1;
    this.#times = timesOf(this.#cast.events, skipsPauses ? pauseMaxMs : undefined);
    const positionMs = at < 0 ? 0 : (this.#times[at] ?? 0);
    this.#set({ skipsPauses, positionMs, durationMs: this.#times.at(-1) ?? 0 });
  }

  /** One frame, at a moment in milliseconds. */
  frame(at: number): void {
    const elapsed = this.#frameAt === undefined ? 0 : Math.min(at - this.#frameAt, stepMsMax);
    this.#frameAt = at;
    const { playing, positionMs, durationMs, speed } = this.#state;
    if (!playing || elapsed <= 0) return;
    const next = Math.min(durationMs, positionMs + elapsed * speed);
    this.#set({ positionMs: next, playing: next < durationMs });
    this.#catchUp();
  }

  /** Resolves when the screen shows the position. */
  async settled(): Promise<void> {
    while (this.#catching) await this.#catching;
  }

  #catchUp(): void {
    if (this.#catching || countShown(this.#times, this.#state.positionMs) === this.#taken) return;
    this.#catching = this.#take().finally(() => {
      this.#catching = undefined;
      // The position may have moved on meanwhile.
      this.#catchUp();
    });
  }

  async #take(): Promise<void> {
    const wanted = countShown(this.#times, this.#state.positionMs);
    if (wanted < this.#taken) {
      this.#screen.reset();
      this.#taken = 0;
    }
    const events = this.#cast.events.slice(this.#taken, wanted);
    this.#taken = wanted;
    await this.#screen.take(events);
    this.#set({ shown: this.#screen.shown() });
  }

  #set(change: Partial<ReplayState>): void {
    this.#state = { ...this.#state, ...change };
    for (const each of this.#listeners) each();
  }
}
