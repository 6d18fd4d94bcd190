import type { Effects, TimerHandle } from '@sallyport/effects';
import type { LossReason } from './tunnel-options.ts';

export interface PulseSource {
  /** Sends a WebSocket ping. */
  ping(): void;
  /** Messages that the agent should have acknowledged by now or will soon. */
  unacknowledged(): number;
  /** The connection shall count as lost. Called once; nothing follows until the next start. */
  dead(reason: LossReason): void;
}

const checkEveryMs = 5_000;
const pingEveryMs = 10_000;
/** With checks each 5 s, a dead peer is found within 45 s of its last word. */
const gatewaySilenceMaxMs = 40_000;
/** While data waits, silence is a stall: the gateway is asked at each check, and dead when nothing came in this long, and in `stalledMaxMs` of waiting. 5 + 15 s make 20. */
const stalledSilenceMaxMs = 15_000;
const stalledMaxMs = 10_000;
/** Counted from the check that first saw data waiting: 5 + 35 + 5 s make 45. */
const agentSilenceMaxMs = 35_000;
/** A gateway that answered a ping this lately lives, so that silence is the agent's own. */
const gatewayAnsweredMs = 2 * pingEveryMs;

/**
 * Judges whether the other ends of a connection live: the message gateway answers pings, the agent acknowledges data. A gateway that answers proves
 * nothing about the agent behind it.
 */
export class ChannelPulse {
  readonly #effects: Effects;
  readonly #source: PulseSource;
  #timer: TimerHandle | undefined;
  #probing: TimerHandle | undefined;
  /** When the first of the probes began that took each other's place. */
  #probingSince = 0;
  /** The probe under way has had no answer yet. */
  #unanswered = false;
  #deaf = false;
  #heardAt = 0;
  #agentHeardAt = 0;
  #pingedAt = 0;
  #pingAnswered = true;
  /** Since when data waits for the agent; undefined while none does. */
  #waitingSince: number | undefined;
  /** Round trip of the latest ping, milliseconds. */
  rttMs: number | null = null;

  constructor(effects: Effects, source: PulseSource) {
    this.#effects = effects;
    this.#source = source;
  }

  /** A connection was opened: pings at once and watches from now. */
  start(): void {
    this.stop();
    this.#heardAt = this.#agentHeardAt = this.#effects.clock.monotonic();
    this.#waitingSince = undefined;
    this.#timer = this.#effects.timers.every(checkEveryMs, () => this.#check());
    this.#ping();
  }

  stop(): void {
    const { timers } = this.#effects;
    if (this.#timer) timers.cancel(this.#timer);
    if (this.#probing) timers.cancel(this.#probing);
    this.#timer = this.#probing = undefined;
  }

  heardAgent(now: number): void {
    this.#heardAt = this.#agentHeardAt = now;
    this.#unanswered = false;
  }

  heardGateway(): void {
    this.#heardAt = this.#effects.clock.monotonic();
    this.#unanswered = false;
    if (this.#pingAnswered) return;
    this.#pingAnswered = true;
    this.rttMs = this.#heardAt - this.#pingedAt;
  }

  /** While nothing is read from the connection, its silence is our own. */
  deaf(on: boolean): void {
    this.#deaf = on;
    if (!on) this.#heardAt = this.#agentHeardAt = this.#effects.clock.monotonic();
    this.#waitingSince = undefined;
  }

  /**
   * Pings now and again half way; without any sign of life in the second half of `patienceMs` the connection is dead for `reason`. What was on its way
   * before the network went still arrives in the first half and proves nothing. A probe takes the place of the one before, but not for ever: interfaces
   * that flap would put off the answer each time.
   */
  probe(patienceMs: number, reason: LossReason): void {
    const { clock, timers } = this.#effects;
    this.#ping();
    if (!this.#probing) this.#probingSince = clock.monotonic();
    else if (clock.monotonic() - this.#probingSince >= patienceMs) return;
    else timers.cancel(this.#probing);
    this.#probing = timers.after(patienceMs / 2, () => {
      this.#unanswered = true;
      this.#ping();
      this.#probing = timers.after(patienceMs / 2, () => {
        this.#probing = undefined;
        if (this.#unanswered && !this.#deaf) this.#die(reason);
      });
    });
  }

  #ping(): void {
    this.#pingedAt = this.#effects.clock.monotonic();
    this.#pingAnswered = false;
    this.#source.ping();
  }

  #check(): void {
    if (this.#deaf) return;
    const now = this.#effects.clock.monotonic();
    const silentMs = now - this.#heardAt;
    if (silentMs >= gatewaySilenceMaxMs) return this.#die('peer_dead');
    if (this.#source.unacknowledged() === 0) this.#waitingSince = undefined;
    else {
      this.#waitingSince ??= now;
      // What was said a moment ago has had no time to be answered.
      if (silentMs >= stalledSilenceMaxMs && now - this.#waitingSince >= stalledMaxMs)
        return this.#die('peer_dead');
      const agentSilentMs = now - Math.max(this.#waitingSince, this.#agentHeardAt);
      // While the gateway is silent too, nothing is known of the agent: its session may well be resumed.
      if (agentSilentMs >= agentSilenceMaxMs && now - this.#heardAt < gatewayAnsweredMs)
        return this.#die('agent_dead');
    }
    const every = this.#waitingSince === undefined ? pingEveryMs : checkEveryMs;
    if (now - this.#pingedAt >= every) this.#ping();
  }

  #die(reason: LossReason): void {
    this.stop();
    this.#source.dead(reason);
  }
}
