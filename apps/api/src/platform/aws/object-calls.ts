import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { Sha256 } from '@aws-crypto/sha256-js';
import type { Effects } from '@sallyport/effects';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { CredentialProvider } from './client-settings.ts';
import { endpointOf } from './signed-call.ts';

/** A connection on which nothing moves for so long is given up, as S3 gives it up. */
const stillForMs = 20_000;
const refusalBytesMax = 65_536;
const nothing = { bytes: 0, sha256: createHash('sha256').digest('hex') };

/** One call about a bucket, or an object of it. */
export interface ObjectCall {
  /** None of our principals may DELETE. */
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Of letters that need no escapes; left out for the bucket itself. */
  readonly key?: string;
  /** A sub-resource (`object-lock`, without a value) or a version; of letters that need no escapes. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** S3 itself refuses another body than this digest tells (hex). */
  readonly body?: { readonly stream: Readable; readonly bytes: number; readonly sha256: string };
}

/** The calls of one principal to one bucket of S3, signed by Signature Version 4; bodies stream both ways. */
export class ObjectCalls {
  readonly #credentials: CredentialProvider;
  readonly #bucket: { readonly region: string; readonly bucket: string };
  readonly #endpoint: string | undefined;
  readonly #effects: Pick<Effects, 'clock'>;

  /** @param endpoint of all services, where they are not AWS's own; it is asked by paths. */
  constructor(
    credentials: CredentialProvider,
    bucket: { readonly region: string; readonly bucket: string },
    endpoint: string | undefined,
    effects: Pick<Effects, 'clock'>,
  ) {
    this.#credentials = credentials;
    this.#bucket = bucket;
    this.#endpoint = endpoint;
    this.#effects = effects;
  }

  /** The answer as it begins, whatever its status; who asked reads or destroys it. Rejects with what the network says. */
  async send({ method, key = '', query = {}, headers = {}, body }: ObjectCall): Promise<IncomingMessage> {
    const { region, bucket } = this.#bucket;
    const url = new URL(this.#endpoint ?? endpointOf('s3', region));
    // A name with dots has no certificate as a host.
    const byPath = this.#endpoint !== undefined || bucket.includes('.');
    if (!byPath) url.hostname = `${bucket}.${url.hostname}`;
    const path = `${byPath ? `/${bucket}` : ''}/${key}`;
    const { bytes, sha256 } = body ?? nothing;
    const signer = new SignatureV4({
      ...{ service: 's3', region, credentials: this.#credentials, sha256: Sha256 },
      // Paths of S3 are signed as they are sent.
      uriEscapePath: false,
    });
    const asked = new HttpRequest({
      ...{ method, path, protocol: url.protocol, hostname: url.hostname },
      query: { ...query },
      headers: {
        ...headers,
        host: url.host,
        'x-amz-content-sha256': sha256,
        ...(body === undefined ? {} : { 'content-length': String(bytes) }),
      },
    });
    const signed = await signer.sign(asked, { signingDate: new Date(this.#effects.clock.now()) });
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const outgoing = send({
        ...{ method, hostname: url.hostname, port: url.port, headers: signed.headers },
        path: `${path}${asQuery(query)}`,
        timeout: stillForMs,
      });
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      outgoing.once('timeout', () => outgoing.destroy(new Error('nothing moved')));
      if (body === undefined) outgoing.end();
      // A refusal may come before the body has gone out whole; then the answer tells, and not the broken pipe.
      else pipeline(body.stream, outgoing, (error) => error && reject(error));
    });
  }
}

function asQuery(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** The code of S3's refusal; `HTTP404` and the like where it says none, as to HEAD. */
export async function refusalName(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > refusalBytesMax) break;
  }
  return /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text)?.[1] ?? `HTTP${answer.statusCode ?? 0}`;
}

/** A small document of an answer. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > refusalBytesMax) throw new Error('too long a document');
  }
  return text;
}
