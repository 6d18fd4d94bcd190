import { Problem } from '@sallyport/problems';
import type { ShellStats } from '@sallyport/ssm-protocol';
import type { TunnelEnd } from '../tunnel-end.ts';

/** As long as the official client goes on sending what is not acknowledged. */
const goneMs = 5 * 60_000;

/** AWS has ended the session while we were away, and the program with it. */
export function endedAway(problem: Problem): TunnelEnd {
  return { reason: 'network', order: null, problem };
}

/**
 * Judges an agent that is declared dead again and again while its session is resumed each time: AWS resumes it for as long as the service's own timers let it live, and
 * nobody else would ever end it.
 */
export class StalledAgent {
  /** How far the agent has come, and since when no farther. */
  #stuck: { readonly progress: number; readonly since: number } | undefined;

  /** The end that another death amounts to, at this monotonic time; undefined: worth another resume. */
  died({ messagesReceived, messagesSent, unacknowledged }: ShellStats, now: number): TunnelEnd | undefined {
    const progress = messagesReceived + messagesSent - unacknowledged;
    if (this.#stuck?.progress !== progress) this.#stuck = { progress, since: now };
    if (now - this.#stuck.since < goneMs) return undefined;
    const detail = 'The agent on the instance has not answered for five minutes.';
    return endedAway(new Problem('CHANNEL_LOST', { detail }));
  }
}
