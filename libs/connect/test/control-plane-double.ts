import { ApiProblem } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import type { CloseOrder, ControlPlane } from '../src/index.ts';
import type { Lease } from '../src/control-plane.ts';

export const secretAccessKey = 'planted-secret-access-key';
export const sessionToken = 'planted-session-token';

/** A control plane that remembers what it was asked and answers what the test sets. */
export class ControlPlaneDouble implements ControlPlane {
  readonly calls: string[] = [];
  readonly closed: Parameters<ControlPlane['closeSession']>[1][] = [];
  order: CloseOrder | null = null;
  ended: { reason: string; comment: string | null } | undefined;
  unreachable = false;
  /** Code of a conflict that beats are refused with. */
  refusal: string | undefined;
  /** Healthy gateways; the first that is not avoided is taken. */
  instances: string[] = ['i-0123456789abcdef0'];
  endsAt: string;
  /** What leases say of the network, where the resource is one. */
  network: Lease['resource']['network'];
  readonly #now: () => number;
  #leases = 0;

  constructor(now: () => number, lifeSeconds = 3600) {
    this.#now = now;
    this.endsAt = new Date(now() + lifeSeconds * 1000).toISOString();
  }

  /** The next leases are refused for a moment, with what is told beside. */
  leaseRefusals: { readonly retryAfterSeconds?: number }[] = [];

  /** What each lease was asked to avoid. */
  readonly avoided: (readonly string[])[] = [];

  async issueLease(grantId: string, { avoid = [] }: { avoid?: readonly string[] } = {}): Promise<Lease> {
    this.calls.push(avoid.length > 0 ? `lease avoiding ${avoid.join(' ')}` : 'lease');
    this.avoided.push(avoid);
    await this.leasesAfter;
    if (this.unreachable) throw new Problem('SERVER_UNREACHABLE');
    if (this.ended) throw grantEnded(this.ended);
    const away = this.leaseRefusals.shift();
    if (away) throw problem('LEASE_UNAVAILABLE', 'unavailable', away);
    const id = `lse_${++this.#leases}`;
    return {
      id,
      state: 'issued',
      grantId,
      usefulUntil: new Date(this.#now() + 120_000).toISOString(),
      region: 'eu-west-1',
      accountId: '111122223333',
      instanceId: this.instances.find((id) => !avoid.includes(id)) ?? this.instances[0] ?? '',
      documentName: 'jit-fwd-0123456789ab',
      purpose: 'port',
      way: 'pinned',
      agent: null,
      ssh: null,
      session: null,
      sessionReason: `grant:${grantId}`,
      sessionNamePrefix: `jit-${grantId}`,
      endpoint: 'http://127.0.0.1:9',
      credentials: {
        accessKeyId: 'ASIAEXAMPLE',
        secretAccessKey,
        sessionToken,
        expiration: new Date(this.#now() + 900_000).toISOString(),
      },
      resource: {
        id: 'rsc_1',
        name: 'prod-rds',
        kind: 'database',
        host: 'prod-db.internal',
        port: 5432,
        protocol: 'postgresql',
        database: { name: 'shop', role: 'app_ro', auth: 'none' },
        ...(this.network === undefined ? {} : { network: this.network }),
      },
    };
  }
  readonly opened: Parameters<ControlPlane['openSession']>[0][] = [];
  async openSession(session: Parameters<ControlPlane['openSession']>[0]) {
    this.calls.push('open');
    this.opened.push(session);
    return { id: 'ses_1', endsAt: this.endsAt };
  }
  /** Reasons of losses that beats told, in a row without repetition. */
  readonly losses: (string | null)[] = [];
  async beat(_id: string, beat: { state: string; lost: string | null }) {
    this.calls.push(`beat ${beat.state}`);
    if (this.losses.at(-1) !== beat.lost) this.losses.push(beat.lost);
    if (this.unreachable) throw new Problem('SERVER_UNREACHABLE');
    if (this.refusal) throw problem(this.refusal, 'conflict');
    return { close: this.order, session: { endsAt: this.endsAt } };
  }
  /** Answers with a lease only when this is done. */
  leasesAfter: Promise<unknown> = Promise.resolve();
  /** Answers the close only when this is done. */
  closesAfter: Promise<unknown> = Promise.resolve();
  async closeSession(_id: string, end: Parameters<ControlPlane['closeSession']>[1]) {
    this.calls.push(`close ${end.reason}`);
    this.closed.push(end);
    await this.closesAfter;
  }
  async readGrant() {
    // Not in the same turn of the event loop, as over a network.
    await new Promise((later) => setImmediate(later));
    const state = this.ended ? ('ended' as const) : ('active' as const);
    return {
      state,
      endReason: this.ended?.reason ?? null,
      endComment: this.ended?.comment ?? null,
      endsAt: this.endsAt,
    };
  }
}

function grantEnded({ reason, comment }: { reason: string; comment: string | null }): ApiProblem {
  return problem('GRANT_ENDED', 'ended', { endReason: reason, endComment: comment });
}

function problem(code: string, kind: ApiProblem['kind'], more: object = {}): ApiProblem {
  return new ApiProblem({
    type: `/docs/problems/${code}`,
    title: 'No.',
    status: 409,
    detail: 'No.',
    code,
    kind,
    advice: 'Ask again.',
    ...more,
  });
}
