import { ApiProblem } from '@sallyport/api-client';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { ControlPlane, Lease, LeaseWish } from './control-plane.ts';
import type { Debug } from './debug.ts';

/** A lease that is useful for less than this is not begun with. */
const usefulForMs = 20_000;
/** How long an instance found dead is avoided, and how many the control plane is told of. */
const avoidForMs = 600_000;
const avoidedMax = 8;
/** Failures in a row on one instance, after which another is asked for. */
const failuresMax = 2;
/** A lease that does not come within this long is asked for again. */
const answerWithinMs = 20_000;
/** Whoever opens asks so often again where it is told to come back this soon. */
const patience = { again: 2, withinSeconds: 5 };

/** Leases for all sessions of one tunnel: one call at a time, its answer shared while it is good for the purpose. */
export class LeaseSource {
  readonly #controlPlane: ControlPlane;
  readonly #effects: Effects;
  readonly #debug: Debug;
  readonly #grantId: string;
  readonly #wish: Omit<LeaseWish, 'avoid'>;
  /** Calls are numbered, so that "asked for after that" needs no clock. */
  #calls = 0;
  #latest: { readonly lease: Lease; readonly call: number } | undefined;
  #flying: { readonly call: number; readonly lease: Promise<Lease>; abandon(): void } | undefined;
  readonly #callOf = new WeakMap<Lease, number>();
  /** Instances avoided: since when (monotonic), and how many calls had been made by then. */
  readonly #avoided = new Map<string, { readonly at: number; readonly calls: number }>();
  readonly #failures = new Map<string, number>();

  constructor(
    { controlPlane, effects, debug }: { controlPlane: ControlPlane; effects: Effects; debug: Debug },
    grantId: string,
    wish: Omit<LeaseWish, 'avoid'> = {},
  ) {
    this.#wish = wish;
    this.#controlPlane = controlPlane;
    this.#effects = effects;
    this.#debug = debug;
    this.#grantId = grantId;
  }

  /** The lease that came last, useful or not. */
  get latest(): Lease | undefined {
    return this.#latest?.lease;
  }

  /** A lease with enough life left to begin something with. */
  useful(signal: AbortSignal): Promise<Lease> {
    return this.#since(0, signal);
  }

  /** As {@link useful}, for whoever opens: AWS may have had no answer for one moment, and the control plane says when to come back. */
  async patiently(signal: AbortSignal): Promise<Lease> {
    for (let left = patience.again; ; left--)
      try {
        return await this.useful(signal);
      } catch (error) {
        const seconds = error instanceof ApiProblem ? error.retryAfterSeconds : undefined;
        const soon = seconds !== undefined && seconds <= patience.withinSeconds;
        if (!soon || left === 0 || (error as ApiProblem).kind !== 'unavailable') throw error;
        this.#debug('lease', { again: (error as ApiProblem).code, afterSeconds: seconds });
        await this.#effects.timers.wait(seconds * 1000, signal);
      }
  }

  /** A useful lease that came after this one: what the session had lost its connection with is not tried again. */
  newerThan(lease: Lease | undefined, signal: AbortSignal): Promise<Lease> {
    return this.#since((lease && this.#callOf.get(lease)) ?? 0, signal);
  }

  #since(call: number, signal: AbortSignal): Promise<Lease> {
    const known = this.#latest;
    if (known && known.call > call && this.#good(known)) return Promise.resolve(known.lease);
    const flying = this.#flying;
    const shared = flying && flying.call > call && !this.#avoidedSince(flying.call);
    return orAborted((shared ? flying : this.#ask()).lease, signal);
  }

  /** What is under way may never be answered (the network changed): the next call asks anew. */
  forget(): void {
    this.#flying?.abandon();
    this.#flying = undefined;
  }

  /** An attempt on the instance failed, through its own fault by all that is known. */
  failedOn(instanceId: string): void {
    const failures = (this.#failures.get(instanceId) ?? 0) + 1;
    this.#failures.set(instanceId, failures);
    if (failures >= failuresMax) this.avoid(instanceId);
  }

  workedOn(instanceId: string): void {
    this.#failures.delete(instanceId);
    this.#avoided.delete(instanceId);
  }

  /** Asks for other instances than this one for a while. */
  avoid(instanceId: string): void {
    this.#debug('lease', { avoid: instanceId });
    this.#avoided.delete(instanceId);
    this.#avoided.set(instanceId, { at: this.#effects.clock.monotonic(), calls: this.#calls });
  }

  #good({ lease, call }: { lease: Lease; call: number }): boolean {
    const left = Date.parse(lease.usefulUntil) - this.#effects.clock.now();
    return left >= usefulForMs && call > (this.#avoided.get(lease.instanceId)?.calls ?? 0);
  }

  #avoidedSince(call: number): boolean {
    return [...this.#avoided.values()].some(({ calls }) => calls >= call);
  }

  #ask() {
    const { clock, timers } = this.#effects;
    const call = ++this.#calls;
    for (const [instanceId, { at }] of this.#avoided)
      if (clock.monotonic() - at > avoidForMs) this.#avoided.delete(instanceId);
    const avoid = [...this.#avoided.keys()].slice(-avoidedMax);
    const abandoned = new AbortController();
    const abandon = () => {
      timers.cancel(patience);
      abandoned.abort(new Problem('SERVER_UNREACHABLE'));
    };
    const patience = timers.after(answerWithinMs, () => abandon());
    const answer = this.#controlPlane
      .issueLease(this.#grantId, { ...this.#wish, avoid }, abandoned.signal)
      .then((fresh) => {
        this.#debug('lease', { id: fresh.id, usefulUntil: fresh.usefulUntil });
        this.#callOf.set(fresh, call);
        if (call > (this.#latest?.call ?? 0)) this.#latest = { lease: fresh, call };
        return fresh;
      });
    const flight = { call, lease: orAborted(answer, abandoned.signal), abandon };
    const landed = () => {
      timers.cancel(patience);
      if (this.#flying === flight) this.#flying = undefined;
    };
    flight.lease.then(landed, landed);
    return (this.#flying = flight);
  }
}

/** The promise's outcome, or the signal's reason if that comes first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) {
      promise.catch(() => undefined);
      return abort();
    }
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
