import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Lease } from './control-plane.ts';

/** Query members of a presigned URL; when one is there the URL is its own proof. */
const presigned = /^X-Amz-(?:Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token)$/iu;

/**
 * Headers for the WebSocket upgrade: SigV4, service `ssmmessages`, GET on the stream URL, as session-manager-plugin 1.2.764.0
 * and later sign it. Empty for a URL that is presigned already. The headers are secret.
 */
export async function signUpgrade(
  url: URL,
  lease: Pick<Lease, 'region' | 'credentials'>,
  now: Date,
): Promise<Record<string, string>> {
  if ([...url.searchParams.keys()].some((name) => presigned.test(name))) return {};
  const { accessKeyId, secretAccessKey, sessionToken } = lease.credentials;
  const signer = new SignatureV4({
    service: 'ssmmessages',
    region: lease.region,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    sha256: Sha256,
    // The official client signs without x-amz-content-sha256.
    applyChecksum: false,
  });
  const request = new HttpRequest({
    method: 'GET',
    protocol: 'https:',
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host },
  });
  const signed = await signer.sign(request, { signingDate: now });
  const { host: _, ...headers } = signed.headers;
  return headers;
}
