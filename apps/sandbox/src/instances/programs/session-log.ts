import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Effects } from '@sallyport/effects';
import type { Trail } from '../../cloudtrail/trail.ts';
import type { SsmSession } from '../../gateway/ssm-session.ts';
import { callerOfInstance } from './instance-identity.ts';
import type { SessionInputs } from './session-order.ts';

export interface LogParts {
  /** Folder under which log groups and buckets are kept. */
  readonly folder: string;
  readonly trail: Trail;
  readonly effects: Effects;
}

const logBytesMax = 8 * 1024 * 1024;

/**
 * What a shell or a command showed, as the agent keeps it, delivered at the session's end to where the document says: a stream of a
 * CloudWatch log group (one event a line), an object of a bucket, or both. Port sessions have none. Where the role of the instance may not write there, nothing is
 * kept and the session is none the worse, as with the official agent: only CloudTrail tells.
 */
export class SessionLog {
  readonly #session: SsmSession;
  readonly #inputs: SessionInputs;
  readonly #runAs: string;
  readonly #parts: LogParts;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(session: SsmSession, inputs: SessionInputs, runAs: string, parts: LogParts) {
    this.#session = session;
    this.#inputs = inputs;
    this.#runAs = runAs;
    this.#parts = parts;
  }

  wrote(bytes: Buffer): void {
    const { cloudWatchLogGroupName, s3BucketName } = this.#inputs;
    if (cloudWatchLogGroupName === undefined && s3BucketName === undefined) return;
    if (this.#bytes + bytes.length > logBytesMax) return;
    this.#bytes += bytes.length;
    this.#chunks.push(Buffer.from(bytes));
  }

  async deliver(): Promise<void> {
    const { cloudWatchLogGroupName, s3BucketName, s3KeyPrefix } = this.#inputs;
    const shown = Buffer.concat(this.#chunks);
    if (cloudWatchLogGroupName !== undefined) await this.#toCloudWatch(cloudWatchLogGroupName, shown);
    if (s3BucketName === undefined) return;
    const key = [...(s3KeyPrefix ?? '').split('/'), `${this.#session.id}.log`].filter(isName).join('/');
    if (this.#may) await this.#write(join('s3', s3BucketName, key), shown);
    this.#record('s3.amazonaws.com', 'PutObject', { bucketName: s3BucketName, key });
  }

  async #toCloudWatch(group: string, shown: Buffer): Promise<void> {
    const { id, order } = this.#session;
    const { clock } = this.#parts.effects;
    const stream = { logGroupName: group, logStreamName: id };
    const text = shown.toString('utf8').replaceAll('\r\n', '\n');
    const message = this.#inputs.cloudWatchStreaming
      ? JSON.stringify({
          eventVersion: '1.0',
          eventTime: new Date(clock.now()).toISOString(),
          awsRegion: order.region,
          target: { id: order.instance.id },
          userIdentity: { arn: order.owner.arn },
          runAsUser: this.#runAs,
          sessionId: id,
          sessionData: text.split('\n'),
        })
      : text;
    const event = { timestamp: clock.now(), ingestionTime: clock.now(), message };
    this.#record('logs.amazonaws.com', 'CreateLogStream', stream);
    if (!this.#may) return;
    await this.#write(
      join('cloudwatch', ...group.split('/').filter(isName), `${id}.jsonl`),
      `${JSON.stringify(event)}\n`,
    );
    this.#record('logs.amazonaws.com', 'PutLogEvents', stream);
  }

  get #may(): boolean {
    return this.#session.order.instance.mayLog;
  }

  async #write(path: string, content: Buffer | string): Promise<void> {
    const file = join(this.#parts.folder, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { mode: 0o600 });
  }

  #record(eventSource: string, eventName: string, requestParameters: object): void {
    const { instance, region } = this.#session.order;
    const caller = callerOfInstance(instance);
    const action = `${eventSource.split('.')[0]}:${eventName}`;
    const message = `User: ${caller.arn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`;
    this.#parts.trail.append({
      caller,
      eventSource,
      eventName,
      region,
      sourceIp: instance.address,
      userAgent: 'amazon-ssm-agent',
      requestId: this.#parts.effects.random.uuid(),
      readOnly: false,
      requestParameters,
      responseElements: null,
      error: this.#may ? undefined : { code: 'AccessDenied', message },
    });
  }
}

/** A part of a name that stays within its folder. */
function isName(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..';
}
