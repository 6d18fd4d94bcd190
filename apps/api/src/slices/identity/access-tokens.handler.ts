import { happened, personActor } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { Actor, Scope } from '../../platform/http/actor.ts';
import type { NewAccessToken, PrismaAccessTokenStore } from './access-tokens.prisma-store.ts';
import type { EndedCredentials } from '../../platform/http/ended-credentials.ts';
import { accessTokensPerPersonMax } from './limits.ts';
import { hashOf, makeSecret, tokenPrefix } from './secret.ts';
import { cliTokenName } from './sign-in.handler.ts';

const dayMs = 86_400_000;

export interface TokenWish {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresInDays: number;
}

/** Makes and revokes personal access tokens. */
export class AccessTokens {
  readonly #tokens: PrismaAccessTokenStore;
  readonly #ended: EndedCredentials;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    tokens: PrismaAccessTokenStore,
    ended: EndedCredentials,
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#tokens = tokens;
    this.#ended = ended;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Refuses with TOKEN_CANNOT_MAKE_TOKENS, INPUT_INVALID (a name kept for `tunnel login`) and TOKEN_LIMIT_REACHED. */
  async make(actor: Actor, wish: TokenWish): Promise<{ token: NewAccessToken; secret: string }> {
    if (actor.signedInBy === 'token') throw new Problem('TOKEN_CANNOT_MAKE_TOKENS');
    if (wish.name.startsWith(cliTokenName))
      throw new Problem('INPUT_INVALID', {
        errors: [{ field: 'name', message: 'is kept for tunnel login' }],
      });
    const { clock, ids, random } = this.#effects;
    const now = clock.now();
    if ((await this.#tokens.count(actor.id, now)) >= accessTokensPerPersonMax)
      throw new Problem('TOKEN_LIMIT_REACHED');
    const secret = makeSecret(random, tokenPrefix);
    const token: NewAccessToken = {
      id: ids.make('tok'),
      personId: actor.id,
      name: wish.name,
      tokenHash: hashOf(secret),
      scopes: wish.scopes,
      createdAt: now,
      expiresAt: now + wish.expiresInDays * dayMs,
    };
    const { id: tokenId, name, scopes, expiresAt } = token;
    const occasion = { actor: personActor(actor), now, ids };
    await this.#unitOfWork.commit({
      writes: [this.#tokens.insert(token)],
      events: [happened(occasion, 'token.made', {}, { tokenId, name, scopes, expiresAt })],
    });
    return { token, secret };
  }

  /** Revokes a token of the actor's own; one that has ended already stays so. Refuses with TOKEN_UNKNOWN. */
  async revoke(actor: Actor, tokenId: string): Promise<void> {
    const token = (await this.#tokens.of(actor.id)).find(({ id }) => id === tokenId);
    if (!token) throw new Problem('TOKEN_UNKNOWN');
    if (token.revokedAt !== null) return;
    const { clock, ids } = this.#effects;
    const now = clock.now();
    const occasion = { actor: personActor(actor), now, ids };
    await this.#unitOfWork.commit({
      writes: [this.#tokens.revoke(tokenId, now)],
      events: [happened(occasion, 'token.revoked', {}, { tokenId, name: token.name })],
    });
    this.#ended.tell(tokenId);
  }
}
