import { ApiProblem } from '@sallyport/api-client';
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
  endsAt: string;
  readonly #now: () => number;
  #leases = 0;

  constructor(now: () => number, lifeSeconds = 3600) {
    this.#now = now;
    this.endsAt = new Date(now() + lifeSeconds * 1000).toISOString();
  }

  async issueLease(grantId: string): Promise<Lease> {
    this.calls.push('lease');
    if (this.unreachable) throw new TypeError('fetch failed');
    if (this.ended) throw grantEnded(this.ended);
    const id = `lse_${++this.#leases}`;
    return {
      id,
      state: 'issued',
      grantId,
      usefulUntil: new Date(this.#now() + 120_000).toISOString(),
      region: 'eu-west-1',
      accountId: '111122223333',
      instanceId: 'i-0123456789abcdef0',
      documentName: 'jit-fwd-0123456789ab',
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
        database: { name: 'shop', role: 'app_ro' },
      },
    };
  }
  async openSession() {
    this.calls.push('open');
    return { id: 'ses_1', endsAt: this.endsAt };
  }
  async beat(_id: string, beat: { state: string }) {
    this.calls.push(`beat ${beat.state}`);
    if (this.unreachable) throw new TypeError('fetch failed');
    return { close: this.order, session: { endsAt: this.endsAt } };
  }
  async closeSession(_id: string, end: Parameters<ControlPlane['closeSession']>[1]) {
    this.calls.push(`close ${end.reason}`);
    this.closed.push(end);
  }
  async readGrant() {
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
  return new ApiProblem({
    type: '/docs/problems/GRANT_ENDED',
    title: 'The grant has ended.',
    status: 409,
    detail: 'The grant has ended.',
    code: 'GRANT_ENDED',
    kind: 'ended',
    advice: 'Ask again.',
    endReason: reason,
    endComment: comment,
  });
}
