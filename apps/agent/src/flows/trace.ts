import type { Effects } from '@sallyport/effects';
import type { AgentTokenClaims } from '@sallyport/grant-token';
import type { FlowEnd, FlowRecord } from '../records/flow-record.ts';

/** A conversation as it will be recorded: counts while it lives, one record when it ends. */
export class Trace {
  readonly proto: FlowRecord['proto'];
  readonly port: number;
  destination: string;
  name: string | null = null;
  bytesUp = 0;
  bytesDown = 0;
  /** Whether anything came of it: its destination accepted, or was sent something. */
  stood = false;
  readonly #claims: Pick<AgentTokenClaims, 'sub' | 'usr' | 'jti'>;
  readonly #effects: Pick<Effects, 'clock' | 'ids'>;
  readonly #startedAt: number;
  readonly #done: (record: FlowRecord, stood: boolean) => void;
  #afterwards: (() => void) | undefined;
  #finished = false;

  constructor(
    what: { proto: FlowRecord['proto']; destination: string; port: number },
    claims: Pick<AgentTokenClaims, 'sub' | 'usr' | 'jti'>,
    effects: Pick<Effects, 'clock' | 'ids'>,
    done: (record: FlowRecord, stood: boolean) => void,
  ) {
    this.proto = what.proto;
    this.destination = what.destination;
    this.port = what.port;
    this.#claims = claims;
    this.#effects = effects;
    this.#startedAt = effects.clock.now();
    this.#done = done;
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Calls back after the record was made. */
  whenFinished(run: () => void): void {
    this.#afterwards = run;
  }

  /** Ends the record; later ends are ignored, since the first is the cause. */
  finish(end: FlowEnd, code: string | null = null): void {
    if (this.#finished) return;
    this.#finished = true;
    const record: FlowRecord = {
      flowId: this.#effects.ids.make('flw'),
      grantId: this.#claims.sub,
      personId: this.#claims.usr,
      jti: this.#claims.jti,
      proto: this.proto,
      source: null,
      destination: this.destination,
      port: this.port,
      name: this.name,
      bytesUp: this.bytesUp,
      bytesDown: this.bytesDown,
      startedAt: new Date(this.#startedAt).toISOString(),
      endedAt: new Date(this.#effects.clock.now()).toISOString(),
      end,
      code,
    };
    this.#done(record, this.stood);
    this.#afterwards?.();
  }
}
