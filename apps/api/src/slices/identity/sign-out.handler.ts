import { happened, personActor } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { Actor } from '../../platform/http/actor.ts';
import type { PrismaAccessTokenStore } from './access-tokens.prisma-store.ts';
import { cliTokenName } from './sign-in.handler.ts';
import type { EndedCredentials } from '../../platform/http/ended-credentials.ts';
import type { PrismaSignInStore } from './sign-ins.prisma-store.ts';

/** Ends the sign-in that asks. */
export class SignOut {
  readonly #signIns: PrismaSignInStore;
  readonly #tokens: PrismaAccessTokenStore;
  readonly #ended: EndedCredentials;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    signIns: PrismaSignInStore,
    tokens: PrismaAccessTokenStore,
    ended: EndedCredentials,
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#signIns = signIns;
    this.#tokens = tokens;
    this.#ended = ended;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** A browser's sign-in ends; so does a token of `tunnel login`. Any other token stays: a script may hold it too. */
  async run(actor: Actor): Promise<void> {
    const { clock, ids } = this.#effects;
    const now = clock.now();
    const occasion = { actor: personActor(actor), now, ids };
    const signedOut = happened(occasion, 'person.signed_out', {}, {});
    if (actor.signedInBy === 'cookie') {
      const end = this.#signIns.end(actor.credentialId, now);
      await this.#unitOfWork.commit({ writes: [end], events: [signedOut] });
    } else {
      const token = await this.#tokens.byId(actor.credentialId, now);
      if (!token?.name.startsWith(cliTokenName)) return;
      const revoked = happened(occasion, 'token.revoked', {}, { tokenId: token.id, name: token.name });
      const end = this.#tokens.revoke(token.id, now);
      await this.#unitOfWork.commit({ writes: [end], events: [signedOut, revoked] });
    }
    this.#ended.tell(actor.credentialId);
  }
}
