import { Pacer, type AgentAssociation, type EndCode, type FlowCode } from '@sallyport/agent-protocol';
import type { Effects, TimerHandle } from '@sallyport/effects';
import type { AgentTokenClaims, PublicKey } from '@sallyport/grant-token';
import { isAddress } from './addresses.ts';
import { Trace } from './flows/trace.ts';
import { echoIdleMs, namesRememberedMax } from './limits.ts';
import type { HeldBytes } from './flows/held.ts';
import type { FlowEnd, FlowRecord } from './records/flow-record.ts';

/** Stands for the address of a name that was refused before it was looked up. */
const unresolved = '-';

/** What was found good of a client: the claims of its latest token, and the key it proved to hold. */
export interface Admitted {
  readonly claims: AgentTokenClaims;
  readonly holder: PublicKey;
}

/** A living conversation, so that it can be judged again and broken. */
export interface Conversation {
  readonly trace: Trace;
  break(code: FlowCode, end: FlowEnd): void;
  readonly held?: HeldBytes;
}

/** One link of one client under one grant: what it has open, which names it asked for, and how fast it may be. */
export class Client {
  readonly association: AgentAssociation<Admitted>;
  readonly conversations = new Set<Conversation>();
  readonly names = new Map<string, string>();
  readonly echoes = new Map<string, { trace: Trace; idle: TimerHandle }>();
  readonly pace: { up?: Pacer; down?: Pacer } = {};
  /** Why the link is being ended, once that is known. */
  why: FlowEnd | undefined;
  /** Conversations that are over, but for whose opening something still goes on. */
  leaving = 0;
  readonly #effects: Effects;
  readonly #record: (record: FlowRecord, stood: boolean) => void;

  constructor(
    association: AgentAssociation<Admitted>,
    effects: Effects,
    record: (record: FlowRecord, stood: boolean) => void,
  ) {
    this.association = association;
    this.#effects = effects;
    this.#record = record;
    const speed = association.grant.claims.max_bps;
    if (speed !== undefined)
      this.pace = { up: new Pacer(speed, effects.clock), down: new Pacer(speed, effects.clock) };
  }

  get claims(): AgentTokenClaims {
    return this.association.grant.claims;
  }

  /** Conversations now, as the token counts them. */
  get open(): number {
    return this.conversations.size + this.echoes.size + this.leaving;
  }

  /** What is held in memory for it. */
  get heldBytes(): number {
    let bytes = this.association.heldBytes;
    const seen = new Set<ArrayBufferLike>();
    for (const conversation of this.conversations) bytes += conversation.held?.(seen).far ?? 0;
    return bytes;
  }

  /** How the end of the link is recorded for what was open: as what caused it. */
  whyEnded(): FlowEnd {
    if (this.why !== undefined) return this.why;
    return this.#effects.clock.now() >= this.claims.exp * 1000 ? 'expired' : 'client';
  }

  /** Begins the record of a conversation; `destination` is what was asked for until the address is known. */
  trace(proto: Trace['proto'], destination: string, port: number): Trace {
    const direct = isAddress(destination);
    const trace = new Trace(
      { proto, destination: direct ? destination : unresolved, port },
      this.claims,
      this.#effects,
      this.#record,
    );
    trace.name = direct
      ? (this.names.get(destination) ?? null)
      : destination.replace(/[^\w.-]/g, '?').slice(0, 253);
    return trace;
  }

  /** Remembers which name led to an address, for the records. */
  remember(name: string, addresses: readonly string[]): void {
    for (const address of addresses) {
      this.names.delete(address);
      this.names.set(address, name);
    }
    for (const oldest of this.names.keys()) {
      if (this.names.size <= namesRememberedMax) break;
      this.names.delete(oldest);
    }
  }

  /** The record of echoes to one address, which ends when they pause. */
  echoTrace(address: string): Trace {
    const known = this.echoes.get(address);
    if (known !== undefined) this.#effects.timers.cancel(known.idle);
    const trace = known?.trace ?? this.trace('icmp', address, 0);
    const idle = this.#effects.timers.after(echoIdleMs, () => this.#endEchoes(address, 'client'));
    this.echoes.set(address, { trace, idle });
    return trace;
  }

  /** Breaks everything at once; what is recorded is the cause. */
  endAll(code: FlowCode, end: FlowEnd): void {
    this.why ??= end;
    for (const conversation of [...this.conversations]) conversation.break(code, end);
    for (const address of [...this.echoes.keys()]) this.#endEchoes(address, end);
  }

  #endEchoes(address: string, end: FlowEnd): void {
    const known = this.echoes.get(address);
    if (known === undefined) return;
    this.#effects.timers.cancel(known.idle);
    this.echoes.delete(address);
    known.trace.finish(end);
  }
}

/** How the end of a link is recorded. */
export function endOfLink(code: EndCode): FlowEnd {
  if (code === 'GRANT_ENDED') return 'revoked';
  if (code === 'AGENT_TOKEN_EXPIRED' || code === 'AGENT_TOKEN_REFUSED') return 'expired';
  return code === 'REACH_ENDED' ? 'client' : 'error';
}
