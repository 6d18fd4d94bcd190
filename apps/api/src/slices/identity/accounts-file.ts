import { readFile } from 'node:fs/promises';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { roles, scopes } from '../../platform/http/actor.ts';
import { sandboxTokenName, type PrismaAccessTokenStore } from './access-tokens.prisma-store.ts';
import { hashPassword, passwordMatches } from './password.ts';
import { normalEmail, type PrismaPeopleStore } from './people.prisma-store.ts';
import { hashOf, looksLikeSecret, tokenPrefix } from './secret.ts';

const accountForm = z.object({
  name: z.string().min(1),
  email: z.email(),
  password: z.string().min(8),
  token: z
    .string()
    .refine((token) => looksLikeSecret(token, tokenPrefix), 'is not slp_ and 43 characters of base64url'),
  roles: z.array(z.enum(roles)),
  groups: z.array(z.string().min(1)),
});
const fileForm = z.object({ accounts: z.array(accountForm) });
type FileAccount = z.infer<typeof accountForm>;

/** The tokens of the file stand for as long as they stand in it: renewed at each start. */
const tokenLifeMs = 366 * 86_400_000;

/** Makes the accounts of a file exist with its passwords, tokens, roles and groups. For trying the product only. */
export class AccountsFile {
  readonly #people: PrismaPeopleStore;
  readonly #tokens: PrismaAccessTokenStore;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    people: PrismaPeopleStore,
    tokens: PrismaAccessTokenStore,
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#people = people;
    this.#tokens = tokens;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Refuses with ACCOUNTS_FILE_INVALID; may be repeated. */
  async apply(path: string): Promise<void> {
    const parsed = fileForm.safeParse(await readJson(path));
    if (!parsed.success)
      throw new Problem('ACCOUNTS_FILE_INVALID', {
        errors: parsed.error.issues.map(({ path: field, message }) => ({ field: field.join('.'), message })),
      });
    for (const account of parsed.data.accounts) await this.#applyOne(account);
  }

  /** Refuses with CONFIGURATION_UNSAFE a database in which accounts of a file can still sign in. */
  async demandNone(): Promise<void> {
    if (await this.#tokens.holdsSandboxToken(this.#effects.clock.now()))
      throw new Problem('CONFIGURATION_UNSAFE', {
        detail:
          'SALLYPORT_AWS=live does not go with a database that holds sandbox accounts; give it one of its own.',
      });
  }

  async #applyOne(account: FileAccount): Promise<void> {
    const { clock, ids } = this.#effects;
    const now = clock.now();
    const known = await this.#people.byEmail(account.email);
    const same = known?.passwordHash && (await passwordMatches(known.passwordHash, account.password));
    const passwordHash = same ? known.passwordHash : await hashPassword(account.password);
    const id = known?.id ?? ids.make('prs');
    const tokenHash = hashOf(account.token);
    const token = (await this.#tokens.exists(tokenHash))
      ? this.#tokens.renew(tokenHash, now + tokenLifeMs)
      : this.#tokens.insert({
          id: ids.make('tok'),
          personId: id,
          name: sandboxTokenName,
          tokenHash,
          scopes,
          createdAt: now,
          expiresAt: now + tokenLifeMs,
        });
    const { name, roles } = account;
    const groups = known?.groupsKept === true ? known.groups : account.groups;
    const person = {
      id,
      name,
      email: normalEmail(account.email),
      roles,
      groups,
      passwordHash,
      disabled: false,
    };
    await this.#unitOfWork.commit({ writes: [this.#people.save(person, now), token], events: [] });
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new Problem('ACCOUNTS_FILE_INVALID', { cause });
  }
}
