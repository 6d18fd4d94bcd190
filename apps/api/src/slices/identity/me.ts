import type { Clock } from '@sallyport/effects';
import type { Actor } from '../../platform/http/actor.ts';
import { productVersion } from '../../platform/telemetry/product-version.ts';
import type { MeDto } from './identity.dto.ts';
import type { MeCountsQuery } from './me-counts.query.ts';

/** What a person is told about themselves. */
export class ReadMe {
  readonly #counts: MeCountsQuery;
  readonly #clock: Clock;

  constructor(counts: MeCountsQuery, clock: Clock) {
    this.#counts = counts;
    this.#clock = clock;
  }

  async run(actor: Actor): Promise<MeDto> {
    const { id, name, email, signedInBy } = actor;
    return {
      id,
      name,
      email,
      roles: [...actor.roles],
      groups: [...actor.groups],
      signedInBy,
      scopes: actor.scopes && [...actor.scopes],
      counts: await this.#counts.run(actor, this.#clock.now()),
      server: { name: 'Sallyport', version: productVersion() },
    };
  }
}
