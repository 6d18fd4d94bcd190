import type { Lease } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import type { ReachedResource } from './place.ts';

type Credentials = Lease['credentials'];

/** A database token (15 minutes), signed for the true endpoint with the lease's credentials. Secret. Refuses a resource that lacks host, port or role. */
export async function databaseToken(
  resource: ReachedResource,
  { region, credentials }: { region: string; credentials: Credentials },
): Promise<string> {
  const { host, port, database } = resource;
  if (!host || !port || !database)
    throw new Problem('RESOURCE_NOT_CONNECTABLE', {
      detail: `${resource.name} has no endpoint to sign a token for.`,
    });
  const { Signer } = await import('./signers.ts');
  const signer = new Signer({
    hostname: host,
    port,
    region,
    username: database.role,
    credentials: keysOf(credentials),
  });
  return signer.getAuthToken();
}

/** A token of an EKS cluster lives this long for its issuer; readers are told to come back a minute earlier. */
const clusterTokenSeconds = 60;

/**
 * A Kubernetes token: a presigned GetCallerIdentity that names the cluster (aws-iam-authenticator's form, `k8s-aws-v1.`). Secret. `endpoint` is the STS
 * endpoint that the cluster will ask, without path.
 */
export async function clusterToken(
  clusterName: string,
  { region, credentials }: { region: string; credentials: Credentials },
  now: Date,
): Promise<string> {
  const { HttpRequest, Sha256, SignatureV4 } = await import('./signers.ts');
  const hostname = `sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const request = new HttpRequest({
    method: 'GET',
    protocol: 'https:',
    hostname,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: hostname, 'x-k8s-aws-id': clusterName },
  });
  const signer = new SignatureV4({
    service: 'sts',
    region,
    credentials: keysOf(credentials),
    sha256: Sha256,
  });
  const signed = await signer.presign(request, {
    expiresIn: clusterTokenSeconds,
    signingDate: now,
    unhoistableHeaders: new Set(['x-k8s-aws-id']),
  });
  const query = new URLSearchParams(signed.query as Record<string, string>).toString().replaceAll('+', '%20');
  const url = `https://${hostname}/?${query}`;
  return `k8s-aws-v1.${Buffer.from(url, 'utf8').toString('base64url')}`;
}

function keysOf({ accessKeyId, secretAccessKey, sessionToken }: Credentials) {
  return { accessKeyId, secretAccessKey, sessionToken };
}
