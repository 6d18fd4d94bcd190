import type { Account } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import {
  readRevokedGrants,
  renderRevokedGrants,
  revokedGrantsMax,
  revokedGrantsPolicy,
  type PolicyDocument,
  type RevokedGrants,
} from '@sallyport/iam-policy';
import { Problem } from '@sallyport/problems';
import { attempts } from '../client-settings.ts';
import { AwsRefusal, SignedCalls, type Answered } from '../signed-call.ts';
import type { SpokeCredentials } from '../spoke-credentials.ts';
import type { Denied } from './session-revoker.ts';

/** After this no credential of a grant is alive: they live for 900 s. */
export const deniedForSeconds = 1_200;

/** IAM is global: its calls are signed for one region of each partition. */
const signingRegions: Readonly<Record<string, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-eusc': 'eusc-de-east-1',
  'aws-iso': 'us-iso-east-1',
  'aws-iso-b': 'us-isob-east-1',
  'aws-iso-e': 'eu-isoe-west-1',
  'aws-iso-f': 'us-isof-south-1',
};

/** What was written not long ago: IAM may still answer with what stood before. */
interface Written {
  readonly denied: Map<string, number>;
  readonly allowed: Map<string, number>;
}

/** The inline policy of the connecting role that denies revoked grants: read, merged, written one after the other, read back. */
export class DenyList {
  readonly #credentials: SpokeCredentials;
  readonly #endpoint: () => string | undefined;
  readonly #effects: Effects;
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #written = new Map<string, Written>();

  /** @param endpoint tells that of all services, where they are not AWS's own. */
  constructor(credentials: SpokeCredentials, endpoint: () => string | undefined, effects: Effects) {
    this.#credentials = credentials;
    this.#endpoint = endpoint;
    this.#effects = effects;
  }

  /** Denies a grant; content when it is denied already. Refuses with AWS_* codes. */
  deny(account: Account, region: string, grantId: string): Promise<Denied> {
    return this.#inTurn(account, async (written) => {
      const now = this.#effects.clock.now();
      if (!written.denied.has(grantId)) written.denied.set(grantId, now);
      written.allowed.delete(grantId);
      return this.#change(account, region, ({ grantIds, issuedBefore }) => {
        const covered = (id: string) =>
          issuedBefore !== null && (written.denied.get(id) ?? Infinity) <= issuedBefore;
        const merged = [...new Set([...grantIds, ...written.denied.keys()])];
        const wanted = merged.filter((id) => !written.allowed.has(id) && !covered(id));
        // Too many to name: everybody's leases in hand end, those of this second too, and the next ones are good again.
        return wanted.length > revokedGrantsMax
          ? { grantIds: [], issuedBefore: now + 1_000 }
          : { grantIds: wanted, issuedBefore };
      });
    });
  }

  /** Takes a grant out of the list, long after its last credential has ended. Refuses with AWS_* codes. */
  forget(account: Account, region: string, grantId: string): Promise<Denied> {
    return this.#inTurn(account, async (written) => {
      const now = this.#effects.clock.now();
      written.denied.delete(grantId);
      written.allowed.set(grantId, now);
      return this.#change(account, region, ({ grantIds, issuedBefore }) => ({
        grantIds: grantIds.filter((id) => !written.allowed.has(id)),
        issuedBefore,
      }));
    });
  }

  /** One change at a time for each role: the second would not see what the first wrote. */
  #inTurn<T>(account: Account, change: (written: Written) => Promise<T>): Promise<T> {
    const written = this.#written.get(account.id) ?? { denied: new Map(), allowed: new Map() };
    this.#written.set(account.id, written);
    const turn = (this.#turns.get(account.id) ?? Promise.resolve()).then(
      () => change(written),
      () => change(written),
    );
    const settled = turn.catch(() => undefined);
    this.#turns.set(account.id, settled);
    return turn;
  }

  async #change(
    account: Account,
    region: string,
    next: (standing: RevokedGrants) => RevokedGrants,
  ): Promise<Denied> {
    const now = this.#effects.clock.now();
    this.#forgetOld(account, now);
    const standing = await this.#read(account, region);
    const { grantIds, issuedBefore } = next(standing);
    const over = issuedBefore !== null && issuedBefore + deniedForSeconds * 1000 < now;
    const wanted = { grantIds, issuedBefore: over ? null : issuedBefore };
    const policy = renderRevokedGrants(wanted);
    const result = { grants: grantIds.length, widened: wanted.issuedBefore !== null };
    if (JSON.stringify(policy) === JSON.stringify(renderRevokedGrants(standing)))
      return { ...result, requestId: null };
    const requestId = await this.#write(account, region, policy);
    const readBack = await this.#read(account, region);
    // IAM may take a moment; whoever asked asks again.
    if (JSON.stringify(renderRevokedGrants(readBack)) !== JSON.stringify(policy))
      throw new Problem('AWS_ANSWER_LOST', { detail: 'IAM does not show the denied grants yet.' });
    return { ...result, requestId };
  }

  #forgetOld(account: Account, now: number): void {
    const { denied, allowed } = this.#written.get(account.id) ?? {};
    for (const kept of [denied, allowed])
      for (const [id, at] of kept ?? []) if (at + deniedForSeconds * 1000 < now) kept?.delete(id);
  }

  async #read(account: Account, region: string): Promise<RevokedGrants> {
    try {
      const { body } = await this.#ask(account, region, 'GetRolePolicy', {}, attempts.reading);
      const text = /<PolicyDocument>([^<]*)<\/PolicyDocument>/.exec(body)?.[1] ?? '';
      const read = readRevokedGrants(JSON.parse(decodeURIComponent(text)));
      if (read !== undefined) return read;
    } catch (error) {
      if (error instanceof Problem && nameOf(error) === 'NoSuchEntity')
        return { grantIds: [], issuedBefore: null };
      if (error instanceof Problem) throw error;
    }
    // Not of our making: written over, since nothing but this list belongs under its name.
    return { grantIds: [], issuedBefore: null };
  }

  async #write(account: Account, region: string, policy: PolicyDocument | undefined): Promise<string | null> {
    // Both may be sent twice: they say what shall be, not what shall change.
    const { requestId } =
      policy === undefined
        ? await this.#ask(account, region, 'DeleteRolePolicy', {}, attempts.reading)
        : await this.#ask(
            account,
            region,
            'PutRolePolicy',
            { PolicyDocument: JSON.stringify(policy) },
            attempts.reading,
          );
    return requestId ?? null;
  }

  #ask(
    account: Account,
    region: string,
    action: string,
    more: Readonly<Record<string, string>>,
    tries: number,
  ): Promise<Answered> {
    const calls = new SignedCalls(this.#credentials.of(account, region), this.#endpoint(), this.#effects);
    const form = new URLSearchParams({
      ...{ Action: action, Version: '2010-05-08' },
      ...{ RoleName: account.roles.connect.name, PolicyName: revokedGrantsPolicy, ...more },
    });
    return calls.send(
      {
        service: 'iam',
        region: signingRegions[account.partition] ?? 'us-east-1',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: form.toString(),
        attempts: tries,
      },
      refusalOf,
    );
  }
}

function nameOf(problem: Problem): string | undefined {
  return (problem.cause as { name?: string } | undefined)?.name;
}

function refusalOf({ status, body }: Answered): AwsRefusal {
  const code = /<Code>([A-Za-z.]{1,64})<\/Code>/.exec(body)?.[1] ?? `HTTP${status}`;
  return new AwsRefusal(code, '', status);
}
