import type { Account } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';
import { attempts } from '../client-settings.ts';
import { AwsRefusal, SignedCalls, type Answered } from '../signed-call.ts';
import type { SpokeCredentials } from '../spoke-credentials.ts';
import type { LogGroupAsDeployed } from './gateway-inventory.ts';

const answerForm = z.object({
  logGroups: z.array(z.object({ logGroupName: z.string(), kmsKeyId: z.string().optional() })).default([]),
});

/** Sees the log groups of CloudWatch. */
export class LogGroups {
  readonly #credentials: SpokeCredentials;
  readonly #effects: Pick<Effects, 'clock' | 'timers'>;

  constructor(credentials: SpokeCredentials, effects: Pick<Effects, 'clock' | 'timers'>) {
    this.#credentials = credentials;
    this.#effects = effects;
  }

  /** The group of that name; null where there is none. Refuses with AWS_* codes. */
  async read(account: Account, region: string, name: string): Promise<LogGroupAsDeployed> {
    const endpoint = process.env['AWS_ENDPOINT_URL'] || undefined;
    const calls = new SignedCalls(this.#credentials.of(account, region), endpoint, this.#effects);
    const { body } = await calls.send(
      {
        ...{ service: 'logs', region, attempts: attempts.reading },
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'Logs_20140328.DescribeLogGroups',
        },
        // Answers are sorted by name, so a group stands before those whose names only begin with its own.
        body: JSON.stringify({ logGroupNamePrefix: name, limit: 1 }),
      },
      refusalOf,
    );
    const answer = answerForm.safeParse(membersOf(body));
    if (!answer.success) throw new Problem('AWS_ANSWER_LOST');
    const group = answer.data.logGroups.find(({ logGroupName }) => logGroupName === name);
    return group === undefined ? null : { encrypted: group.kmsKeyId !== undefined };
  }
}

function refusalOf({ status, body }: Answered): AwsRefusal {
  const { __type: type, message } = membersOf(body);
  const name = /[A-Za-z]+$/u.exec(typeof type === 'string' ? type : '')?.[0] ?? `HTTP${status}`;
  return new AwsRefusal(name, typeof message === 'string' ? message : '', status);
}

function membersOf(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // Not JSON: something between us and AWS answered, and the status alone tells.
    return {};
  }
}
