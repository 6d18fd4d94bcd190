import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Account, RoleRef } from '@sallyport/catalog';
import type { Clock } from '@sallyport/effects';
import {
  attempts,
  clientSettings,
  profileCredentials,
  type CredentialProvider,
  type PrincipalName,
} from './client-settings.ts';

type Credentials = Awaited<ReturnType<CredentialProvider>>;

/** Credentials are renewed while they still have this long to live. */
const renewBeforeMs = 5 * 60_000;

/**
 * Credentials of a principal inside a spoke. A profile that lives in the spoke itself is used as it is; one of
 * another account (the hub) first takes on its role there, and what that gives is kept until it runs low.
 */
export class SpokeCredentials {
  readonly #principal: PrincipalName;
  readonly #role: (account: Account) => RoleRef;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Credentials>();
  #home: Promise<string | undefined> | undefined;

  constructor(principal: PrincipalName, role: (account: Account) => RoleRef, clock: Clock) {
    this.#principal = principal;
    this.#role = role;
    this.#clock = clock;
  }

  /** A provider for one client; asked anew for each call. */
  of(account: Account, region: string): CredentialProvider {
    return async () => {
      const own = profileCredentials(this.#principal);
      if ((await this.#homeAccount(region)) === account.id) return own();
      const kept = this.#kept.get(account.id);
      if (kept?.expiration && kept.expiration.getTime() - renewBeforeMs > this.#clock.now()) return kept;
      const taken = await this.#assume(account, region);
      this.#kept.set(account.id, taken);
      return taken;
    };
  }

  async #homeAccount(region: string): Promise<string | undefined> {
    this.#home ??= this.#sts(region)
      .send(new GetCallerIdentityCommand({}))
      .then(({ Account }) => Account);
    try {
      return await this.#home;
    } catch (error) {
      this.#home = undefined;
      throw error;
    }
  }

  async #assume(account: Account, region: string): Promise<Credentials> {
    const { Credentials: given } = await this.#sts(region).send(
      new AssumeRoleCommand({
        RoleArn: this.#role(account).arn,
        RoleSessionName: `sallyport-${this.#principal}`,
        ExternalId: account.externalId,
        DurationSeconds: 3_600,
      }),
    );
    if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken)
      throw new Error('no credentials');
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
      ...(given.Expiration ? { expiration: given.Expiration } : {}),
    };
  }

  #sts(region: string): STSClient {
    return new STSClient(
      clientSettings({ principal: this.#principal, region, maxAttempts: attempts.reading }),
    );
  }
}
