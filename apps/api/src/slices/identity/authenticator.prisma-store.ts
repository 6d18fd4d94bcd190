import type { Person } from '@sallyport/access-domain';
import type { Clock } from '@sallyport/effects';
import { roles, scopes, type Actor } from '../../platform/http/actor.ts';
import { Authenticator } from '../../platform/http/authenticator.ts';
import type { PrismaAccessTokenStore } from './access-tokens.prisma-store.ts';
import { hashOf, looksLikeSecret, tokenPrefix } from './secret.ts';
import type { PrismaSignInStore } from './sign-ins.prisma-store.ts';

/** Finds out who speaks by asking the database each time, so that an end takes effect with the next request. */
export class PrismaAuthenticator extends Authenticator {
  readonly #signIns: PrismaSignInStore;
  readonly #tokens: PrismaAccessTokenStore;
  readonly #clock: Clock;

  constructor(signIns: PrismaSignInStore, tokens: PrismaAccessTokenStore, clock: Clock) {
    super();
    this.#signIns = signIns;
    this.#tokens = tokens;
    this.#clock = clock;
  }

  async byCookie(value: string): Promise<Actor | undefined> {
    if (!looksLikeSecret(value)) return undefined;
    const now = this.#clock.now();
    const signIn = await this.#signIns.byHash(hashOf(value), now);
    if (!signIn) return undefined;
    await this.#signIns.seen(signIn, now);
    return actorOf(signIn.person, { signedInBy: 'cookie', credentialId: signIn.id, scopes: null });
  }

  async byToken(token: string): Promise<Actor | undefined> {
    if (!looksLikeSecret(token, tokenPrefix)) return undefined;
    const now = this.#clock.now();
    const found = await this.#tokens.byHash(hashOf(token), now);
    if (!found) return undefined;
    await this.#tokens.used(found, now);
    return actorOf(found.person, tokenCredential(found));
  }

  async again(actor: Actor): Promise<Actor | undefined> {
    const now = this.#clock.now();
    if (actor.signedInBy === 'cookie') {
      const signIn = await this.#signIns.byId(actor.credentialId, now);
      return signIn ? actorOf(signIn.person, { ...actor, credentialId: signIn.id }) : undefined;
    }
    const token = await this.#tokens.byId(actor.credentialId, now);
    return token ? actorOf(token.person, tokenCredential(token)) : undefined;
  }
}

function tokenCredential(token: { id: string; scopes: string[] }) {
  return {
    signedInBy: 'token' as const,
    credentialId: token.id,
    scopes: scopes.filter((scope) => token.scopes.includes(scope)),
  };
}

/** A role or scope that this version does not know gives nothing. */
export function actorOf(
  person: Person,
  credential: Pick<Actor, 'signedInBy' | 'credentialId' | 'scopes'>,
): Actor {
  const { id, name, email, groups } = person;
  return {
    id,
    name,
    email,
    groups,
    roles: roles.filter((role) => person.roles.includes(role)),
    ...credential,
  };
}
