import type { Lease } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { reachedOf } from '../clients/handed-over.ts';
import { shellQuoted } from '../clients/shell-words.ts';
import { clean } from '../output/text.ts';
import { programItself } from '../process/program-itself.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';
import { activeGrants } from './grants.ts';
import { readResource } from './resources.ts';

/** Answer of a `credential_process`, version 1 (AWS SDKs and Tools Reference Guide, 2026). Secret. */
export interface ProcessCredentials {
  readonly Version: 1;
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  /** When the lease ends, which is before its credentials do: readers then ask again. */
  readonly Expiration: string;
}

/** What a lease is for; left out, what its resource is mostly asked for. */
export type LeasePurpose = Lease['purpose'];

/** The credentials of a fresh lease. Refuses with GRANT_NOT_HELD, and LEASE_PURPOSE_NOT_GRANTED. */
export async function processCredentials(
  server: Server,
  name: string,
  purpose?: LeasePurpose,
): Promise<ProcessCredentials> {
  const { credentials, usefulUntil } = await freshLease(server, name, purpose);
  return {
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: usefulUntil,
  };
}

async function freshLease(server: Server, name: string, purpose?: LeasePurpose): Promise<Lease> {
  const grant = [...(await activeGrants(server))]
    .filter((held) => held.resource.name === name)
    .sort((a, b) => Date.parse(b.endsAt) - Date.parse(a.endsAt))[0];
  if (!grant) {
    // An unknown name is told as such, with the nearest one.
    await readResource(server, name);
    throw new Problem('GRANT_NOT_HELD', {
      detail: `You hold no active grant of ${clean(name)}. Ask for it: tunnel request ${clean(name)}`,
    });
  }
  const lease = await server.api.issueLease(grant.id, { ...(purpose !== undefined && { purpose }) });
  // Whoever uses them would not record.
  if (lease.session?.clientRecording.required === true)
    throw new Problem('SESSION_RECORDING_UNAVAILABLE', {
      detail: `What ${clean(name)} shows is recorded by this command's own shell: tunnel shell ${clean(name)}. Its credentials are not given away.`,
    });
  return lease;
}

/** What kubectl asks an exec plugin for. Secret. Refuses a resource that is no cluster. */
export async function clusterCredential(world: World, server: Server, name: string): Promise<object> {
  const { cluster } = reachedOf(await readResource(server, name));
  if (!cluster) throw new Problem('COMMAND_USAGE', { detail: `${clean(name)} is not a Kubernetes cluster.` });
  const lease = await freshLease(server, name);
  const { clusterToken } = await import('../clients/iam-token.ts');
  const now = world.effects.clock.now();
  return {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: {
      token: await clusterToken(cluster.name, lease, new Date(now)),
      expirationTimestamp: lease.usefulUntil,
    },
  };
}

/** A profile for `~/.aws/config` whose credentials this program is asked for. Holds no secret. */
export async function awsProfile(
  world: World,
  server: Server,
  name: string,
  purpose?: LeasePurpose,
): Promise<{ profile: object; text: string }> {
  const { region } = await readResource(server, name);
  const wanted = purpose === undefined ? [] : ['--purpose', purpose];
  const process = [...programItself(), 'creds', name, ...wanted].map(shellQuoted).join(' ');
  const id = [name, ...wanted.slice(1)].join('-');
  const endpoint = world.env['TUNNEL_AWS_ENDPOINT'];
  const lines = [
    `[profile ${id}]`,
    `credential_process = ${process}`,
    `region = ${region}`,
    ...(endpoint ? [`endpoint_url = ${endpoint}`] : []),
  ];
  return {
    profile: {
      id,
      state: 'described',
      credentialProcess: process,
      region,
      endpointUrl: endpoint ?? null,
    },
    text: lines.join('\n'),
  };
}
