import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Effects } from '@sallyport/effects';
import type { Caller } from '../principals/caller.ts';

/** Stands in the trail where AWS hides a value too. */
export const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/** One call as the trail needs it. */
export interface TrailEntry {
  readonly caller: Caller | undefined;
  /** Key the caller named, when the call was refused before it was known whose it is. */
  readonly claimedKeyId?: string | undefined;
  readonly eventSource: string;
  readonly eventName: string;
  readonly region: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly readOnly: boolean;
  readonly requestParameters: unknown;
  readonly responseElements: unknown;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  /** The account whose resources were called; the caller's own when left out. */
  readonly recipientAccount?: string | undefined;
}

/** Appends records in CloudTrail's form, one JSON object a line. The line is on disk before the caller has its answer. */
export class Trail {
  readonly #fd: number;
  readonly #effects: Effects;

  /** Opens or makes the file (0600) and completes a last line that a kill cut short. */
  constructor(file: string, effects: Effects) {
    mkdirSync(dirname(file), { recursive: true });
    this.#fd = openSync(file, 'a+', 0o600);
    this.#effects = effects;
    const { size } = fstatSync(this.#fd);
    const last = Buffer.alloc(1);
    if (size > 0 && readSync(this.#fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a)
      appendFileSync(this.#fd, '\n');
  }

  append(entry: TrailEntry): void {
    const record = {
      eventVersion: '1.11',
      userIdentity: identityOf(entry),
      eventTime: new Date(this.#effects.clock.now()).toISOString().replace(/\.\d{3}/, ''),
      eventSource: entry.eventSource,
      eventName: entry.eventName,
      awsRegion: entry.region,
      sourceIPAddress: entry.sourceIp,
      userAgent: entry.userAgent,
      ...(entry.error === undefined
        ? {}
        : { errorCode: entry.error.code, errorMessage: entry.error.message }),
      requestParameters: entry.requestParameters ?? null,
      responseElements: entry.responseElements ?? null,
      requestID: entry.requestId,
      eventID: this.#effects.random.uuid(),
      readOnly: entry.readOnly,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: entry.recipientAccount ?? entry.caller?.account,
      eventCategory: 'Management',
    };
    appendFileSync(this.#fd, JSON.stringify(record) + '\n');
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function identityOf({ caller, claimedKeyId }: TrailEntry): object {
  if (caller === undefined)
    return { type: 'Unknown', ...(claimedKeyId === undefined ? {} : { accessKeyId: claimedKeyId }) };
  const common = {
    type: caller.type,
    principalId: caller.userId,
    arn: caller.arn,
    accountId: caller.account,
    accessKeyId: caller.accessKeyId,
  };
  if (caller.type === 'IAMUser') return { ...common, userName: caller.name };
  const { session } = caller;
  return {
    ...common,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: caller.userId.split(':')[0],
        arn: caller.principalArn,
        accountId: caller.account,
        userName: caller.principalArn.slice(caller.principalArn.lastIndexOf('/') + 1),
      },
      attributes: {
        creationDate: new Date(session?.issuedAt ?? 0).toISOString().replace(/\.\d{3}/, ''),
        mfaAuthenticated: 'false',
      },
      ...(session?.sourceIdentity === undefined ? {} : { sourceIdentity: session.sourceIdentity }),
    },
  };
}
