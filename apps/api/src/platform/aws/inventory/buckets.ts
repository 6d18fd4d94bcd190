import type { Account } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { awsProblem } from '../foreign-error.ts';
import { ObjectCalls, refusalName } from '../object-calls.ts';
import { AwsRefusal } from '../signed-call.ts';
import type { SpokeCredentials } from '../spoke-credentials.ts';
import type { BucketAsDeployed } from './gateway-inventory.ts';

/** Sees how buckets of S3 are encrypted, and nothing that lies in them. */
export class Buckets {
  readonly #credentials: SpokeCredentials;
  readonly #effects: Pick<Effects, 'clock'>;

  constructor(credentials: SpokeCredentials, effects: Pick<Effects, 'clock'>) {
    this.#credentials = credentials;
    this.#effects = effects;
  }

  /** The bucket of that name, in whichever region it lies; null where there is none. Refuses with AWS_* codes. */
  async read(account: Account, region: string, name: string): Promise<BucketAsDeployed> {
    const first = await this.#ask(account, region, name);
    const elsewhere = first.region !== undefined && first.region !== region ? first.region : undefined;
    const { status, refusal } = elsewhere === undefined ? first : await this.#ask(account, elsewhere, name);
    if (refusal === null) return { encrypted: true, refusal };
    if (refusal === 'NoSuchBucket') return null;
    if (refusal === 'ServerSideEncryptionConfigurationNotFoundError')
      return { encrypted: false, refusal: null };
    const problem = awsProblem(new AwsRefusal(refusal, '', status));
    // Another account's, or a role that was deployed before: the instance may write there all the same.
    if (problem.code === 'AWS_DENIED') return { encrypted: null, refusal };
    throw problem;
  }

  async #ask(account: Account, region: string, bucket: string) {
    const endpoint = process.env['AWS_ENDPOINT_URL'] || undefined;
    const credentials = this.#credentials.of(account, region);
    const calls = new ObjectCalls(credentials, { region, bucket }, endpoint, this.#effects);
    const answer = await calls.send({ method: 'GET', query: { encryption: '' } }).catch((error: unknown) => {
      throw awsProblem(error);
    });
    const status = answer.statusCode ?? 0;
    const lies = answer.headers['x-amz-bucket-region'];
    if (status === 200) answer.resume();
    return {
      status,
      refusal: status === 200 ? null : await refusalName(answer),
      region: typeof lies === 'string' ? lies : undefined,
    };
  }
}
