import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  STSClient,
  type AssumeRoleCommandOutput,
} from '@aws-sdk/client-sts';
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
import { ClockWatch } from '../clock-watch.ts';
import { awsProblem } from '../foreign-error.ts';
import type { Spokes } from '../spokes.ts';
import { LeaseIssuer, type IssuedLease, type LeaseOrder } from './lease-issuer.ts';

/** The shortest that STS issues; the session policy ends the lease earlier. */
const credentialSeconds = 900;
/** A lease is useful for this long at most, whatever the order says. */
const leaseMillisecondsMax = 120_000;
/** A lease ends by AWS's clock and is rendered by ours. */
const clockSkewMsMax = 5_000;
/** How old what we know of AWS's clock may be. */
const clockSeenWithinMs = 60_000;
/** Beyond this the token is close to the limit at which STS refuses. */
const utilizationWarning = 70;

/** Issues leases by AssumeRole. The role, the external id and the documents come from the catalogue alone. */
export class StsLeaseIssuer extends LeaseIssuer {
  readonly #spokes: Spokes;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #clients = new Map<string, { readonly sts: STSClient; readonly watch: ClockWatch }>();

  constructor(spokes: Spokes, world: { readonly clock: Clock; readonly log: Log }) {
    super();
    this.#spokes = spokes;
    this.#clock = world.clock;
    this.#log = world.log;
  }

  async issue(order: LeaseOrder): Promise<IssuedLease> {
    const account = this.#spokes.account(order.accountId, order.region);
    this.#spokes.document(order.accountId, order.region, order.documentName);
    if (order.databaseUser)
      this.#spokes.databaseUser(order.accountId, order.region, order.documentName, order.databaseUser);
    if (order.osUser !== null)
      this.#spokes.osUser(order.accountId, order.region, order.documentName, order.osUser);
    if (order.runAs !== null || order.keyArn !== null)
      this.#spokes.shell(order.accountId, order.region, order.documentName, order);
    const policy = this.#checkedPolicy(order, account.enrolmentTags);
    const command = new AssumeRoleCommand({
      RoleArn: account.roles.connect.arn,
      ExternalId: account.externalId,
      RoleSessionName: leaseSessionName(order.grantId),
      SourceIdentity: leaseSourceIdentity(order.personId),
      DurationSeconds: credentialSeconds,
      Policy: policy,
      Tags: leaseTags({ grantId: order.grantId, team: order.team, runAs: order.runAs }),
    });
    const client = this.#client(order.region);
    await demandSameTime(client);
    const answer = await client.sts.send(command).catch((error: unknown) => {
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

  #client(region: string) {
    const kept = this.#clients.get(region);
    if (kept) return kept;
    const sts = new STSClient(
      clientSettings({ principal: 'issuer', region, maxAttempts: attempts.changing }),
    );
    const watch = new ClockWatch(this.#clock);
    watch.watch(sts);
    this.#clients.set(region, { sts, watch });
    return { sts, watch };
  }
}

/** Refuses with AWS_CLOCK_DIFFERS, and with AWS_UNAVAILABLE when AWS does not tell its time; nothing is issued then. */
async function demandSameTime({ sts, watch }: { sts: STSClient; watch: ClockWatch }): Promise<void> {
  // A difference is asked about anew: clocks get mended.
  const differs = Math.abs(watch.skewMs) > clockSkewMsMax;
  if (differs || !watch.seenWithin(clockSeenWithinMs))
    await sts.send(new GetCallerIdentityCommand({})).catch((cause: unknown) => {
      // A refusal tells the time as well as an answer does.
      if (!watch.seenWithin(clockSeenWithinMs)) throw new Problem('AWS_UNAVAILABLE', { cause });
    });
  if (Math.abs(watch.skewMs) > clockSkewMsMax)
    throw new Problem('AWS_CLOCK_DIFFERS', {
      detail: `AWS's clock is ${Math.round(watch.skewMs / 1000)} s from ours.`,
    });
}

/** `SessionTokenUtilization` since 2026-06, the deprecated `PackedPolicySize` before. */
function utilizationOf(answer: AssumeRoleCommandOutput): number | null {
  const { SessionTokenUtilization } = answer as { SessionTokenUtilization?: number };
  return SessionTokenUtilization ?? answer.PackedPolicySize ?? null;
}
