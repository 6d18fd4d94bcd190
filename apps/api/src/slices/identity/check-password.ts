import { happened, personActor, systemActor } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { failuresPerAccountMax, failuresPerAddressMax, failureWindowMs } from './limits.ts';
import { passwordMatches } from './password.ts';
import { normalEmail, type Account, type PrismaPeopleStore } from './people.prisma-store.ts';
import { hashOf } from './secret.ts';
import type { Attempt, PrismaSignInAttemptStore } from './sign-in-attempts.prisma-store.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
  /** Where the request came from; null when the socket is gone. */
  readonly address: string | null;
}

/** Finds the account of an e-mail address and password, slowly enough for a guesser. */
export class CheckPassword {
  readonly #people: PrismaPeopleStore;
  readonly #attempts: PrismaSignInAttemptStore;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    people: PrismaPeopleStore,
    attempts: PrismaSignInAttemptStore,
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#people = people;
    this.#attempts = attempts;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Refuses with SIGN_IN_LIMITED (before the password is looked at) and CREDENTIALS_INVALID (which says not what is wrong). */
  async run(credentials: Credentials): Promise<Account> {
    const attempt = await this.#begin(credentials);
    const account = await this.#people.byEmail(credentials.email);
    const matches = await passwordMatches(account?.passwordHash ?? null, credentials.password);
    if (!account || account.disabled || !matches) {
      await this.#tell(credentials, account);
      throw new Problem('CREDENTIALS_INVALID');
    }
    await this.#attempts.takeBack(attempt);
    return account;
  }

  async #begin({ email, address }: Credentials): Promise<Attempt> {
    const now = this.#effects.clock.now();
    const since = now - failureWindowMs;
    await this.#attempts.forget(since);
    // Hashed: what is typed where the address belongs may be a password.
    const account = `account:${hashOf(normalEmail(email))}`;
    const subjects = [account, ...(address === null ? [] : [`address:${address}`])];
    const attempt = await this.#attempts.begin(subjects, now, since);
    const over = attempt.counts.find(
      ({ subject, count }) => count > (subject === account ? failuresPerAccountMax : failuresPerAddressMax),
    );
    if (!over) return attempt;
    // Not looked at, so not counted: who waits as told gets another try.
    await this.#attempts.takeBack(attempt);
    const retryAfterSeconds = Math.max(1, Math.ceil((over.oldestAt + failureWindowMs - now) / 1000));
    throw new Problem('SIGN_IN_LIMITED', { retryAfterSeconds });
  }

  async #tell({ address }: Credentials, account: Account | undefined): Promise<void> {
    const { clock, ids } = this.#effects;
    const occasion = { actor: systemActor, now: clock.now(), ids };
    const about = account ? { subject: personActorOf(account) } : {};
    // What was typed may be a password in the wrong field: only an address that is an account's is written down.
    const details = { email: account?.email ?? 'an unknown address', address, code: 'CREDENTIALS_INVALID' };
    await this.#unitOfWork.commit({
      writes: [],
      events: [happened(occasion, 'person.sign_in_refused', about, details)],
    });
  }
}

function personActorOf(account: Account) {
  const { id, name, email } = personActor(account) as { id: string; name: string; email: string };
  return { id, name, email };
}
