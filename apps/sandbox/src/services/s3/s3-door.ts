import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Effects } from '@sallyport/effects';
import type { Authenticator } from '../../authorise/authenticate.ts';
import type { Authoriser } from '../../authorise/authoriser.ts';
import type { SignedRequest } from '../../authorise/signature.ts';
import type { Throttle } from '../../authorise/throttle.ts';
import type { Trail } from '../../cloudtrail/trail.ts';
import { signedRequestOf, sourceOf } from '../../front-door/signed-request.ts';
import type { Caller } from '../../principals/caller.ts';
import type { World } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import type { BucketShelf } from './bucket-shelf.ts';
import { s3CodeOf, s3Failure } from './s3-answers.ts';
import { operationOf, runOperation, type S3Result } from './s3-operations.ts';

export interface S3Parts {
  readonly world: World;
  readonly shelf: BucketShelf;
  readonly authenticator: Authenticator;
  readonly authoriser: Authoriser;
  readonly throttle: Throttle;
  readonly trail: Trail;
  readonly effects: Effects;
}

interface Progress {
  caller?: Caller;
  claimedKeyId?: string;
  region: string;
}

/**
 * S3 by paths (`/BUCKET/KEY`), as far as the product needs it: objects put, read, seen and removed, object lock, and how a
 * bucket is encrypted. Bodies stream. Bucket policies are not asked: what identity policies allow is allowed.
 */
export class S3Door {
  readonly #parts: S3Parts;

  constructor(parts: S3Parts) {
    this.#parts = parts;
  }

  /** Whether a request is signed for S3. */
  takes({ headers, url = '' }: IncomingMessage): boolean {
    return (
      /Credential=[^,\s]+\/s3\/aws4_request/.test(headers.authorization ?? '') ||
      /X-Amz-Credential=[^&]+%2Fs3%2Faws4_request/i.test(url)
    );
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { random, clock, log } = this.#parts.effects;
    const requestId = random.uuid();
    response.sendDate = false;
    response.setHeader('date', new Date(clock.now()).toUTCString());
    try {
      const { headers, status, body } = await this.#serve(request, requestId);
      response.writeHead(status, { ...headers, 'x-amz-request-id': requestId });
      if (body === undefined || request.method === 'HEAD') return void response.end();
      if (typeof body === 'string') return void response.end(body);
      await pipeline(createReadStream(this.#parts.shelf.fileOf(body)), response);
    } catch (thrown) {
      if (response.headersSent) throw thrown;
      if (!(thrown instanceof AwsError))
        log.write('error', 'call failed', { requestId, reason: String(thrown) });
      const error =
        thrown instanceof AwsError
          ? thrown
          : AwsError.common('internal', 'We encountered an internal error.');
      const { status, headers, body } = s3Failure(error, requestId, request.method === 'HEAD');
      const [, named = ''] = /^\/([^/?]+)/.exec(request.url ?? '') ?? [];
      const lies = this.#parts.world.buckets.get(named)?.region;
      response.writeHead(status, {
        ...headers,
        ...(lies === undefined ? {} : { 'x-amz-bucket-region': lies }),
      });
      response.end(body);
      // A client that still sends hears the answer; what it sends is passed over.
      request.resume();
    }
  }

  async #serve(request: IncomingMessage, requestId: string): Promise<S3Result> {
    const signed = declaredBody(signedRequestOf(request, new Uint8Array()));
    const operation = operationOf(signed);
    const progress: Progress = { region: 'us-east-1' };
    let error: AwsError | undefined;
    try {
      const caller = await this.#authenticate(signed, operation.name, progress);
      const call = { caller, region: progress.region, ...sourceOf(request) };
      return await runOperation(this.#parts, operation, {
        ...{ call, signed },
        body: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
      });
    } catch (thrown) {
      error =
        thrown instanceof AwsError
          ? thrown
          : AwsError.common('internal', 'We encountered an internal error.');
      throw thrown;
    } finally {
      this.#parts.trail.append({
        caller: progress.caller,
        region: progress.region,
        claimedKeyId: progress.claimedKeyId,
        eventSource: 's3.amazonaws.com',
        eventName: operation.name,
        ...sourceOf(request),
        requestId,
        readOnly: operation.readOnly,
        requestParameters: { bucketName: operation.bucket, ...(operation.key ? { key: operation.key } : {}) },
        responseElements: null,
        error: error && { code: s3CodeOf(error), message: error.message },
      });
    }
  }

  async #authenticate(signed: SignedRequest, name: string, progress: Progress): Promise<Caller> {
    const { authenticator, throttle } = this.#parts;
    const claim = authenticator.claimOf(signed);
    progress.claimedKeyId = claim.accessKeyId.slice(0, 128);
    progress.region = claim.region;
    const { caller } = await authenticator.authenticate(claim, signed);
    progress.caller = caller;
    if (!throttle.admit(caller.principalArn, `s3:${name}`))
      throw AwsError.common('throttled', 'Please reduce your request rate.');
    return caller;
  }
}

/** The signature covers the digest that the caller declares; who reads the body compares. */
function declaredBody(signed: SignedRequest): SignedRequest {
  const declared = signed.headers['x-amz-content-sha256'];
  if (declared === undefined || !/^[0-9a-f]{64}$/.test(declared))
    throw AwsError.own('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  return { ...signed, bodySha256: declared };
}
