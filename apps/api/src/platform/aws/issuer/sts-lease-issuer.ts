import { AssumeRoleCommand, STSClient, type AssumeRoleCommandOutput } from '@aws-sdk/client-sts';
import type { Clock, Log } from '@sallyport/effects';
import {
  leaseSessionName,
  leaseSourceIdentity,
  leaseTags,
  PolicyInputError,
  renderLease,
  selfCheckLease,
  sessionPolicyText,
} from '@sallyport/iam-policy';
import { Problem } from '@sallyport/problems';
import { attempts, clientSettings } from '../client-settings.ts';
import { awsProblem } from '../foreign-error.ts';
import type { Spokes } from '../spokes.ts';
import { LeaseIssuer, type IssuedLease, type LeaseOrder } from './lease-issuer.ts';

/** The shortest that STS issues; the session policy ends the lease earlier. */
const credentialSeconds = 900;
/** A lease is useful for this long at most, whatever the order says. */
const leaseMillisecondsMax = 120_000;
/** Beyond this the token is close to the limit at which STS refuses. */
const utilizationWarning = 70;

/** Issues leases by AssumeRole. The role, the external id and the documents come from the catalogue alone. */
export class StsLeaseIssuer extends LeaseIssuer {
  readonly #spokes: Spokes;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #clients = new Map<string, STSClient>();

  constructor(spokes: Spokes, world: { readonly clock: Clock; readonly log: Log }) {
    super();
    this.#spokes = spokes;
    this.#clock = world.clock;
    this.#log = world.log;
  }

  async issue(order: LeaseOrder): Promise<IssuedLease> {
    const account = this.#spokes.account(order.accountId, order.region);
    this.#spokes.document(order.accountId, order.region, order.documentName);
    const policy = this.#checkedPolicy(order, account.enrolmentTags);
    const command = new AssumeRoleCommand({
      RoleArn: account.roles.connect.arn,
      ExternalId: account.externalId,
      RoleSessionName: leaseSessionName(order.grantId),
      SourceIdentity: leaseSourceIdentity(order.personId),
      DurationSeconds: credentialSeconds,
      Policy: policy,
      Tags: leaseTags({ grantId: order.grantId, team: order.team }),
    });
    const answer = await this.#client(order.region)
      .send(command)
      .catch((error: unknown) => {
        throw awsProblem(error);
      });
    return this.#issued(answer, order);
  }

  /** The text to send, after it has been evaluated as AWS will evaluate it. */
  #checkedPolicy(order: LeaseOrder, enrolmentTags: Readonly<Record<string, string>>): string {
    const now = this.#clock.now();
    if (order.leaseEndsAt > now + leaseMillisecondsMax || order.leaseEndsAt <= now)
      throw new Problem('LEASE_SELF_CHECK_FAILED', { detail: 'The lease would not end within 120 s.' });
    try {
      const text = sessionPolicyText(renderLease(order));
      const { ok, failures } = selfCheckLease({
        lease: order,
        sessionPolicy: JSON.parse(text),
        team: order.team,
        instanceTags: order.instanceTags,
        enrolmentTags,
        now,
      });
      if (!ok)
        throw new Problem('LEASE_SELF_CHECK_FAILED', { detail: `The lease failed: ${failures.join('; ')}.` });
      return text;
    } catch (error) {
      if (!(error instanceof PolicyInputError)) throw error;
      throw new Problem('LEASE_SELF_CHECK_FAILED', {
        detail: `Not of its form: ${error.field}.`,
        cause: error,
      });
    }
  }

  #issued(answer: AssumeRoleCommandOutput, order: LeaseOrder): IssuedLease {
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
    // AWS said yes and gave nothing usable: something may exist that we cannot name.
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
      throw new Problem('AWS_ANSWER_LOST');
    const tokenUtilization = utilizationOf(answer);
    if (tokenUtilization !== null && tokenUtilization > utilizationWarning)
      this.#log.write('warn', 'session token nearly full', { grantId: order.grantId, tokenUtilization });
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiresAt: Expiration.getTime(),
      tokenUtilization,
      awsRequestId: answer.$metadata.requestId ?? null,
    };
  }

  #client(region: string): STSClient {
    const kept = this.#clients.get(region);
    if (kept) return kept;
    const client = new STSClient(
      clientSettings({ principal: 'issuer', region, maxAttempts: attempts.changing }),
    );
    this.#clients.set(region, client);
    return client;
  }
}

/** `SessionTokenUtilization` since 2026-06, the deprecated `PackedPolicySize` before. */
function utilizationOf(answer: AssumeRoleCommandOutput): number | null {
  const { SessionTokenUtilization } = answer as { SessionTokenUtilization?: number };
  return SessionTokenUtilization ?? answer.PackedPolicySize ?? null;
}
