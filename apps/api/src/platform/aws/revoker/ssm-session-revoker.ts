import { paginateDescribeSessions, SSMClient, TerminateSessionCommand } from '@aws-sdk/client-ssm';
import type { Effects } from '@sallyport/effects';
import { attempts, clientSettings } from '../client-settings.ts';
import { awsProblem, isMissing } from '../foreign-error.ts';
import { SpokeCredentials } from '../spoke-credentials.ts';
import type { Spokes } from '../spokes.ts';
import { DenyList } from './deny-list.ts';
import {
  SessionRevoker,
  type Denied,
  type DenyOrder,
  type SessionEnd,
  type SessionSearch,
  type SsmSession,
} from './session-revoker.ts';

const pageSize = 200;

/** Finds and ends sessions through the SSM API, and denies grants through IAM's. */
export class SsmSessionRevoker extends SessionRevoker {
  readonly #spokes: Spokes;
  readonly #credentials: SpokeCredentials;
  readonly #denyList: DenyList;
  readonly #clients = new Map<string, SSMClient>();

  /** @param endpoint tells IAM's, where it is not AWS's own; the SDK's clients find theirs by themselves, also at each call. */
  constructor(
    spokes: Spokes,
    effects: Effects,
    endpoint = () => process.env['AWS_ENDPOINT_URL'] || undefined,
  ) {
    super();
    this.#spokes = spokes;
    this.#credentials = new SpokeCredentials('revoker', ({ roles }) => roles.revoke, effects.clock);
    this.#denyList = new DenyList(this.#credentials, endpoint, effects);
  }

  async list(search: SessionSearch): Promise<SsmSession[]> {
    const found: SsmSession[] = [];
    try {
      const client = this.#client(search.accountId, search.region);
      for await (const page of paginateDescribeSessions({ client, pageSize }, { State: 'Active' }))
        for (const { SessionId, Target, StartDate } of page.Sessions ?? [])
          if (SessionId?.startsWith(search.prefix))
            found.push({
              ssmSessionId: SessionId,
              instanceId: Target ?? null,
              startedAt: StartDate?.getTime() ?? null,
            });
    } catch (error) {
      throw awsProblem(error);
    }
    return found;
  }

  async terminate(end: SessionEnd): Promise<void> {
    try {
      await this.#client(end.accountId, end.region).send(
        new TerminateSessionCommand({ SessionId: end.ssmSessionId }),
      );
    } catch (error) {
      if (!isMissing(error)) throw awsProblem(error);
    }
  }

  deny({ accountId, region, grantId, denied }: DenyOrder): Promise<Denied> {
    const account = this.#spokes.account(accountId, region);
    return denied
      ? this.#denyList.deny(account, region, grantId)
      : this.#denyList.forget(account, region, grantId);
  }

  #client(accountId: string, region: string): SSMClient {
    const key = `${accountId}/${region}`;
    const kept = this.#clients.get(key);
    if (kept) return kept;
    const credentials = this.#credentials.of(this.#spokes.account(accountId, region), region);
    const settings = clientSettings({
      principal: 'revoker',
      region,
      credentials,
      maxAttempts: attempts.reading,
    });
    const client = new SSMClient(settings);
    this.#clients.set(key, client);
    return client;
  }
}
