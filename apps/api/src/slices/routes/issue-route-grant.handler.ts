import { aboutGrant, happened, personActor, type Person } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { fingerprint } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { Signer } from '../../platform/signer/signer.ts';
import { routesShown } from '../catalog/index.ts';
import type { GrantedNetwork } from './granted-network.query.ts';
import type { RouteGrantDto } from './routes.dto.ts';

/** Of one grant in a minute: a client asks once for each connection. */
const perMinuteMax = 30;

/** Issues what the privileged helper of a laptop obeys: routes and names that were approved, until the grant ends. */
export class IssueRouteGrant {
  readonly #granted: GrantedNetwork;
  readonly #signer: Signer;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;
  readonly #asked = new Map<string, number[]>();

  constructor(granted: GrantedNetwork, signer: Signer, unitOfWork: UnitOfWork, effects: Effects) {
    this.#granted = granted;
    this.#signer = signer;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Refuses with GRANT_UNKNOWN, GRANT_NOT_ACTIVE, GRANT_ENDED, AGENT_TOKEN_LIMITED, SIGNER_REFUSED and SIGNER_UNAVAILABLE. */
  async run(grantId: string, person: Person): Promise<RouteGrantDto> {
    const { clock, ids } = this.#effects;
    const { grant, entry, network } = await this.#granted.of(grantId, person);
    this.#limit(grantId, clock.now());
    const { token, expiresAt, kid } = await this.#signer.signRouteGrant({
      ...{ resource: entry.name, jti: ids.make('jti'), grantId },
      ...{ personId: grant.person.id, endsAt: grant.endsAt },
      network: network && { routes: routesShown(network.routes), suffixes: [...network.suffixes] },
    });
    const occasion = { actor: personActor(person), now: clock.now(), ids };
    await this.#unitOfWork.commit({
      writes: [],
      events: [happened(occasion, 'route.granted', aboutGrant(grant), { until: expiresAt })],
    });
    await this.#granted.usable(grantId, person);
    return { token, expiresAt: new Date(expiresAt).toISOString(), fingerprint: fingerprint(kid) };
  }

  #limit(grantId: string, now: number): void {
    for (const [id, times] of this.#asked) if ((times.at(-1) ?? 0) <= now - 60_000) this.#asked.delete(id);
    const recent = (this.#asked.get(grantId) ?? []).filter((at) => at > now - 60_000);
    if (recent.length >= perMinuteMax) throw new Problem('AGENT_TOKEN_LIMITED', { retryAfterSeconds: 10 });
    this.#asked.set(grantId, [...recent, now]);
  }
}
