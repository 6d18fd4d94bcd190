import type { PortSession, StreamId } from '../../session/contract.ts';
import type { FlowPlan } from './plan.ts';

export type Side = 'client' | 'agent';

const other = { client: 'agent', agent: 'client' } as const;

/** One direction of a flow: what was planned, taken by `write`, and delivered. Bytes tell where they belong. */
class Direction {
  written = 0;
  delivered = 0;
  readonly planned: number;
  readonly #key: number;

  constructor(planned: number, key: number) {
    this.planned = planned;
    this.#key = key;
  }

  /** Up to `length` bytes that come next. */
  next(length: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(length, this.planned - this.written));
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = this.#byte(this.written + at);
    return bytes;
  }

  /** Judges delivered bytes; a sentence when they are not what was written there. */
  take(bytes: Uint8Array): string | undefined {
    const from = this.delivered;
    this.delivered += bytes.length;
    if (this.delivered > this.written) return `delivered ${this.delivered} bytes of ${this.written} written`;
    for (let at = 0; at < bytes.length; at += 1) {
      if (bytes[at] !== this.#byte(from + at)) return `byte ${from + at} is not the one that was written`;
    }
    return undefined;
  }

  #byte(offset: number): number {
    return Math.imul(offset + this.#key, 0x9e3779b1) >>> 24;
  }
}

/** One connection of the simulation with the programs at both of its ends. */
export class Flow {
  readonly plan: FlowPlan;
  readonly from: Readonly<Record<Side, Direction>>;
  stream: StreamId | undefined;
  dialled = false;
  dialFailed = false;
  /** Sides that closed or aborted, and sides that were told of the end. */
  readonly closed: Record<Side, boolean> = { client: false, agent: false };
  readonly ended: Record<Side, boolean> = { client: false, agent: false };
  readonly #raw: boolean;
  #stuck: Record<Side, boolean> = { client: false, agent: false };

  /** `raw`: no multiplexing, so the agent cannot tell the client of an end. */
  constructor(plan: FlowPlan, index: number, raw: boolean) {
    this.plan = plan;
    this.#raw = raw;
    this.from = {
      client: new Direction(plan.up, index * 7919 + 1),
      agent: new Direction(plan.down, index * 104_729 + 500_000),
    };
  }

  /** Writes until the session takes no more, and closes where the plan says so. */
  write(side: Side, session: PortSession): void {
    const direction = this.from[side];
    this.#stuck[side] = false;
    if (this.stream === undefined || this.closed[side] || this.ended[side]) return;
    while (direction.written < direction.planned) {
      const bytes = direction.next(this.plan.chunk);
      const taken = session.write(this.stream, bytes);
      direction.written += taken;
      if (taken < bytes.length) {
        this.#stuck[side] = true;
        return;
      }
    }
    if (this.plan.ends === `${side}-first`) this.close(side, session);
  }

  close(side: Side, session: PortSession): void {
    if (this.closed[side] || this.stream === undefined) return;
    this.closed[side] = true;
    session.end(this.stream);
  }

  abort(side: Side, session: PortSession): void {
    if (this.closed[side] || this.ended[side] || this.stream === undefined) return;
    this.closed[side] = true;
    session.abort(this.stream);
  }

  /** Takes bytes at `side`; a sentence when they are wrong. */
  take(side: Side, bytes: Uint8Array): string | undefined {
    if (this.ended[side]) return 'bytes after the end';
    if (this.closed[side] && this.plan.ends.endsWith('abort')) return 'bytes after an abort';
    return this.from[other[side]].take(bytes);
  }

  /** The session told `side` that the other side has closed. */
  end(side: Side): string | undefined {
    if (this.ended[side]) return 'ended twice';
    this.ended[side] = true;
    const closer = this.from[other[side]];
    const orderly = this.closed[other[side]] && !this.plan.ends.endsWith('abort') && !this.closed[side];
    if (orderly && closer.delivered < closer.written) {
      return `ended after ${closer.delivered} of ${closer.written} bytes`;
    }
    return undefined;
  }

  /** Has everything arrived that can be expected to? */
  get complete(): boolean {
    const { client, agent } = this.from;
    return client.delivered === client.planned && agent.delivered === agent.planned;
  }

  /** Is nothing more to happen on it? */
  get over(): boolean {
    if (this.dialFailed) return this.ended.client || this.closed.client;
    if (this.#raw) return this.complete && this.closed.client;
    if (this.closed.client && !this.closed.agent)
      return this.ended.agent || (!this.dialled && this.plan.ends === 'client-abort');
    if (this.closed.agent && !this.closed.client) return this.ended.client;
    return this.closed.client && this.closed.agent;
  }

  toString(): string {
    const { client, agent } = this.from;
    const way = (direction: Direction) => `${direction.delivered}/${direction.written}/${direction.planned}`;
    return `stream ${this.stream ?? '-'} (${this.plan.ends}): up ${way(client)}, down ${way(agent)} bytes delivered/written/planned`;
  }
}
