import { happened, personActor } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { scopes } from '../../platform/http/actor.ts';
import type { NewAccessToken, PrismaAccessTokenStore } from './access-tokens.prisma-store.ts';
import type { CheckPassword, Credentials } from './check-password.ts';
import { cliTokenLifeMs, signInLifeMs } from './limits.ts';
import type { Account } from './people.prisma-store.ts';
import { hashOf, makeSecret, tokenPrefix } from './secret.ts';
import type { PrismaSignInStore } from './sign-ins.prisma-store.ts';

/** How tokens of `tunnel login` are called; nobody else may call theirs so. */
export const cliTokenName = 'tunnel login on ';

/** Signs browsers and command lines in. */
export class SignIn {
  readonly #check: CheckPassword;
  readonly #signIns: PrismaSignInStore;
  readonly #tokens: PrismaAccessTokenStore;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    check: CheckPassword,
    signIns: PrismaSignInStore,
    tokens: PrismaAccessTokenStore,
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#check = check;
    this.#signIns = signIns;
    this.#tokens = tokens;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** A browser. Returns the cookie's value, which is kept nowhere. Refuses as `CheckPassword`. */
  async browser(credentials: Credentials): Promise<{ account: Account; signInId: string; secret: string }> {
    const account = await this.#check.run(credentials);
    const { clock, ids, random } = this.#effects;
    const now = clock.now();
    const secret = makeSecret(random);
    const signIn = {
      id: ids.make('sin'),
      personId: account.id,
      tokenHash: hashOf(secret),
      createdAt: now,
      expiresAt: now + signInLifeMs,
      address: credentials.address,
    };
    await this.#unitOfWork.commit({
      writes: [this.#signIns.insert(signIn)],
      events: [this.#signedIn(account, credentials.address)],
    });
    return { account, signInId: signIn.id, secret };
  }

  /** A command line. Returns its token, which is kept nowhere. Refuses as `CheckPassword`. */
  async commandLine(credentials: Credentials, deviceName: string) {
    const account = await this.#check.run(credentials);
    const { clock, ids, random } = this.#effects;
    const now = clock.now();
    const secret = makeSecret(random, tokenPrefix);
    const token = {
      id: ids.make('tok'),
      personId: account.id,
      name: cliTokenName + deviceName,
      tokenHash: hashOf(secret),
      scopes,
      createdAt: now,
      expiresAt: now + cliTokenLifeMs,
    };
    await this.#unitOfWork.commit({
      writes: [this.#tokens.insert(token)],
      events: [this.#signedIn(account, credentials.address), this.#tokenMade(account, token)],
    });
    return { account, token, secret };
  }

  #tokenMade(account: Account, { id: tokenId, name, scopes: given, expiresAt }: NewAccessToken) {
    const { clock, ids } = this.#effects;
    const occasion = { actor: personActor(account), now: clock.now(), ids };
    return happened(occasion, 'token.made', {}, { tokenId, name, scopes: given, expiresAt });
  }

  #signedIn(account: Account, address: string | null) {
    const { clock, ids } = this.#effects;
    const occasion = { actor: personActor(account), now: clock.now(), ids };
    return happened(occasion, 'person.signed_in', {}, { by: 'password', address });
  }
}
