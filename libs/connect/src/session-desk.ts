import type { Lease } from './control-plane.ts';
import { endpointFor, type Endpoint, type EndpointRules } from './endpoint.ts';
import { orAborted } from './lease-source.ts';
import { startRateFor } from './start-rate.ts';
import type { StartedSession } from './ssm-sessions.ts';
import type { TunnelPorts } from './tunnel-options.ts';

type DeskPorts = Pick<TunnelPorts, 'ssm' | 'effects' | 'debug'>;

/** Starts and terminates the sessions of one tunnel, so that none is left at AWS that nobody knows of. */
export class SessionDesk {
  readonly #ports: DeskPorts;
  readonly #rules: EndpointRules;
  /** What is still under way at AWS: StartSession calls without an answer, and terminations. */
  readonly #unfinished = new Set<Promise<void>>();
  /** StartSession calls are answered or fail by themselves; only the end of the process stops them. */
  readonly #never = new AbortController().signal;

  constructor(ports: DeskPorts, rules: EndpointRules) {
    this.#ports = ports;
    this.#rules = rules;
  }

  endpoint(lease: Lease): Endpoint {
    return endpointFor(lease, this.#rules);
  }

  /** Starts a session. When `signal` aborts meanwhile, the session that AWS may yet have started is terminated as soon as it is known. */
  async start(lease: Lease, signal: AbortSignal, commandLine?: string): Promise<StartedSession> {
    const { ssm, effects, debug } = this.#ports;
    const endpoint = this.endpoint(lease);
    await startRateFor(effects, lease).take(signal);
    signal.throwIfAborted();
    const answer = ssm.start(lease, endpoint, this.#never, commandLine);
    this.#undertake(
      answer.then(
        ({ sessionId }) => (signal.aborted ? this.#terminate(lease, sessionId) : undefined),
        // It was not started; whoever waits is told.
        () => undefined,
      ),
    );
    const started = await orAborted(answer, signal);
    debug('ssm', { call: 'StartSession', session: started.sessionId });
    return started;
  }

  /** Terminates a session that is not needed any more, in its own time; {@link settled} waits for it. */
  discard(lease: Lease, sessionId: string): void {
    this.#undertake(this.#terminate(lease, sessionId));
  }

  /** The same with a lease that is still to come; without one the sweeps of the control plane remain. */
  discardOnce(leased: Promise<Lease>, session: string): void {
    this.#undertake(
      leased.then(
        (lease) => this.#terminate(lease, session),
        (error: unknown) => this.#ports.debug('ssm', { session, left: codeOf(error) }),
      ),
    );
  }

  /** Resolves when nothing is left to be done at AWS. Never fails. */
  async settled(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished);
  }

  #undertake(work: Promise<void>): void {
    const noted = work.finally(() => this.#unfinished.delete(noted));
    this.#unfinished.add(noted);
  }

  async #terminate(lease: Lease, session: string): Promise<void> {
    const { ssm, debug } = this.#ports;
    try {
      await ssm.terminate(lease, this.endpoint(lease), session);
      debug('ssm', { call: 'TerminateSession', session });
    } catch (error) {
      debug('ssm', { call: 'TerminateSession', session, failed: codeOf(error) });
    }
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string } | null)?.code ?? 'unknown';
}
