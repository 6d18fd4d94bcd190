import { Sha256 } from '@aws-crypto/sha256-js';
import { partitionOf } from '@sallyport/iam-policy';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { CredentialProvider } from './client-settings.ts';
import { awsProblem } from './foreign-error.ts';

/** A call that takes longer is given up; AWS's own answers come within a second. */
const answerWithinMs = 8_000;
const answerBytesMax = 262_144;
/** Before the second and the third try. */
const retryAfterMs = [100, 400];

/** One call to a service whose client library would be loaded for two operations. */
export interface SignedCall {
  /** In the scope of the signature, and the first part of the host's name: `kms`. */
  readonly service: string;
  readonly region: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How often it may be sent: more than once only what may happen twice. */
  readonly attempts: number;
}

export interface Answered {
  readonly status: number;
  readonly body: string;
  readonly requestId: string | undefined;
}

/** What AWS refused, in the form that the SDK's clients throw it. */
export class AwsRefusal extends Error {
  readonly $metadata: { readonly httpStatusCode: number };
  constructor(name: string, message: string, httpStatusCode: number) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode };
  }
}

/** Signs calls (Signature Version 4) with the credentials of one principal and sends them. */
export class SignedCalls {
  readonly #credentials: CredentialProvider;
  readonly #endpoint: string | undefined;
  readonly #effects: Pick<Effects, 'clock' | 'timers'>;

  /** @param endpoint of all services, where they are not AWS's own. */
  constructor(
    credentials: CredentialProvider,
    endpoint: string | undefined,
    effects: Pick<Effects, 'clock' | 'timers'>,
  ) {
    this.#credentials = credentials;
    this.#endpoint = endpoint;
    this.#effects = effects;
  }

  /**
   * The answer, whatever its status.
   * @param refusalOf reads AWS's refusal from an answer that is not 200. Refuses with AWS_* codes.
   */
  async send(call: SignedCall, refusalOf: (answer: Answered) => AwsRefusal): Promise<Answered> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#once(call);
        if (answer.status === 200) return answer;
        throw refusalOf(answer);
      } catch (error) {
        const problem = awsProblem(error);
        const again = problem.code !== 'AWS_DENIED' && problem.code !== 'AWS_CREDENTIALS_MISSING';
        if (!again || attempt >= call.attempts) throw problem;
        await this.#wait(retryAfterMs[attempt - 1] ?? 400);
      }
    }
  }

  async #once({ service, region, headers, body }: SignedCall): Promise<Answered> {
    const url = new URL(this.#endpoint ?? endpointOf(service, region));
    const signer = new SignatureV4({ service, region, credentials: this.#credentials, sha256: Sha256 });
    const request = new HttpRequest({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: '/',
      headers: { ...headers, host: url.host },
      body,
    });
    const signed = await signer.sign(request, { signingDate: new Date(this.#effects.clock.now()) });
    const { host: _, ...sent } = signed.headers;
    const response = await fetch(url, {
      method: 'POST',
      headers: sent,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(answerWithinMs),
    }).catch((error: unknown) => {
      throw sentOrNot(error);
    });
    const text = await response.text();
    if (text.length > answerBytesMax) throw new Problem('AWS_ANSWER_LOST');
    const requestId = response.headers.get('x-amzn-requestid') ?? undefined;
    return { status: response.status, body: text, requestId };
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#effects.timers.after(ms, resolve));
  }
}

/** What fetch throws hides the cause, which alone tells whether anything was sent. */
function sentOrNot(error: unknown): unknown {
  const cause = (error as { cause?: unknown } | null)?.cause;
  return typeof cause === 'object' && cause !== null ? cause : error;
}

/** AWS's own host of a service: IAM has one for each partition. */
export function endpointOf(service: string, region: string): string {
  const partition = partitionOf(region);
  const suffix = suffixes[partition] ?? 'amazonaws.com';
  if (service !== 'iam') return `https://${service}.${region}.${suffix}`;
  return `https://${iamHosts[partition] ?? 'iam.amazonaws.com'}`;
}

const suffixes: Readonly<Record<string, string>> = {
  'aws-cn': 'amazonaws.com.cn',
  'aws-eusc': 'amazonaws.eu',
  'aws-iso': 'c2s.ic.gov',
  'aws-iso-b': 'sc2s.sgov.gov',
  'aws-iso-e': 'cloud.adc-e.uk',
  'aws-iso-f': 'csp.hci.ic.gov',
};
/** https://docs.aws.amazon.com/general/latest/gr/iam-service.html */
const iamHosts: Readonly<Record<string, string>> = {
  'aws-cn': 'iam.cn-north-1.amazonaws.com.cn',
  'aws-us-gov': 'iam.us-gov.amazonaws.com',
  'aws-eusc': 'iam.eusc-de-east-1.amazonaws.eu',
  'aws-iso': 'iam.us-iso-east-1.c2s.ic.gov',
  'aws-iso-b': 'iam.us-isob-east-1.sc2s.sgov.gov',
  'aws-iso-e': 'iam.eu-isoe-west-1.cloud.adc-e.uk',
  'aws-iso-f': 'iam.us-isof-south-1.csp.hci.ic.gov',
};
