import { SSMClient } from '@aws-sdk/client-ssm';
import type { Person } from './person.ts';

/** What the API hands out for 120 s, as far as the tests use it. */
export interface Lease {
  readonly instanceId: string;
  readonly documentName: string;
  readonly region: string;
  readonly endpoint: string;
  readonly usefulUntil: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string };
}

/** A lease of the person for the grant. */
export async function leaseOf(person: Person, grantId: string): Promise<Lease> {
  const { status, body } = await person.post(`/grants/${grantId}/leases`);
  if (status !== 201) throw new Error(`lease of ${grantId}: ${status} ${JSON.stringify(body)}`);
  const { credentials, ...rest } = body as Lease;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return { ...rest, credentials: { accessKeyId, secretAccessKey, sessionToken } };
}

/** The plain AWS SDK with the lease's credentials, one attempt per call; its clock may be set ahead. */
export function ssmOf(lease: Lease, clockOffsetMs = 0): SSMClient {
  const { region, endpoint, credentials } = lease;
  return new SSMClient({ region, endpoint, credentials, maxAttempts: 1, systemClockOffset: clockOffsetMs });
}
