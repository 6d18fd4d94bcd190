import type { Traffic } from './control-plane.ts';

/** What this many bytes a second are, is bulk; typing and queries are far below. */
const bulkBytesPerSecond = 128 * 1024;
/** Messages waiting for acknowledgement at every look: a queue that stands. */
const standingQueue = 64;
/** A connection younger than this may yet turn out to be bulk. */
const youngMs = 3_000;
/** What AWS's own agent sends at most (1 KiB, then 1 ms of sleep), and what it sends on slow instances; bytes a second. */
const agentPace = { least: 256 * 1024, most: 1280 * 1024 };
const atPaceSamples = 3;

/** What one session carries, looked at each second. */
export class MemberLoad {
  /** Bulk flows over it, more waits than leaves, or a slow reader holds it up. */
  busy = false;
  /** For seconds it has carried about what AWS's agent carries at most. */
  atPaceLimit = false;
  #bytes = 0;
  #at: number | undefined;
  #atPace = 0;
  #placedAt = Number.NEGATIVE_INFINITY;
  #idleSince: number | undefined;

  /** A connection was placed on it. */
  placed(now: number): void {
    this.#placedAt = now;
    this.#idleSince = undefined;
  }

  /** Whether its connections are known and carry little. */
  quiet(now: number): boolean {
    return !this.busy && now - this.#placedAt >= youngMs;
  }

  /** Milliseconds without a connection. */
  idleFor(now: number): number {
    return this.#idleSince === undefined ? 0 : now - this.#idleSince;
  }

  sample(now: number, member: { traffic: Traffic; queued: number; flows: number; held: boolean }): void {
    const bytes = member.traffic.bytesUp + member.traffic.bytesDown;
    const seconds = this.#at === undefined ? 0 : (now - this.#at) / 1000;
    const rate = seconds > 0 ? (bytes - this.#bytes) / seconds : 0;
    this.#at = now;
    this.#bytes = bytes;
    this.busy =
      member.flows > 0 && (member.held || rate >= bulkBytesPerSecond || member.queued >= standingQueue);
    this.#atPace = rate >= agentPace.least && rate <= agentPace.most ? this.#atPace + 1 : 0;
    this.atPaceLimit = this.#atPace >= atPaceSamples;
    if (member.flows > 0) this.#idleSince = undefined;
    else this.#idleSince ??= now;
  }
}
