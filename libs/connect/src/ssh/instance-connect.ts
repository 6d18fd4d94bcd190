import type { EC2InstanceConnectServiceException } from '@aws-sdk/client-ec2-instance-connect';
import { Problem } from '@sallyport/problems';
import { endpointFor, type EndpointRules } from '../endpoint.ts';
import { partitionOf } from '../partition.ts';
import { agentThrough, type Proxies } from '../proxy.ts';
import type { SshLease } from './ssh-lease.ts';

/** Hands a public key to an instance for one user, for 60 s. `unsupported` when this kind of key is not taken there. */
export type PushKey = (
  lease: SshLease,
  publicKey: string,
  signal: AbortSignal,
) => Promise<'pushed' | 'unsupported'>;

const answerWithinMs = 15_000;

/** EC2 Instance Connect through the AWS SDK. Refusals are Problems: SSH_KEY_REFUSED, SSM_THROTTLED, SSM_UNREACHABLE. */
export function pushThrough(proxies: Proxies, rules: EndpointRules): PushKey {
  return async (lease, publicKey, signal) => {
    // Loaded here: most tunnels push no key.
    const { EC2InstanceConnectClient, SendSSHPublicKeyCommand } = await import('./instance-connect-sdk.ts');
    const api = instanceConnectApi(lease, rules);
    const agent = await agentThrough(proxies, api);
    const { accessKeyId, secretAccessKey, sessionToken } = lease.credentials;
    const client = new EC2InstanceConnectClient({
      region: lease.region,
      endpoint: api.href,
      credentials: { accessKeyId, secretAccessKey, sessionToken },
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: answerWithinMs,
        requestTimeout: answerWithinMs,
        throwOnRequestTimeout: true,
        ...(agent && { httpAgent: agent, httpsAgent: agent }),
      },
    });
    const { user, zone } = lease.ssh;
    try {
      await client.send(
        new SendSSHPublicKeyCommand({
          InstanceId: lease.instanceId,
          InstanceOSUser: user,
          SSHPublicKey: publicKey,
          ...(zone === null ? {} : { AvailabilityZone: zone }),
        }),
        { abortSignal: signal },
      );
      return 'pushed';
    } catch (error) {
      if (isRefusal(error) && error.name === 'InvalidArgsException') return 'unsupported';
      throw translated(error, lease);
    } finally {
      client.destroy();
    }
  };
}

/** Where Instance Connect is for a lease: beside Session Manager where that is not AWS, else AWS's own name for the region. */
export function instanceConnectApi(
  lease: { region: string; endpoint: string | null },
  rules: EndpointRules,
): URL {
  const { api, foreign, region } = endpointFor(lease, rules);
  if (foreign) return api;
  const { classic, dualStack } = partitionOf(region);
  const service = rules.fips === true ? 'ec2-instance-connect-fips' : 'ec2-instance-connect';
  return new URL(`https://${service}.${region}.${rules.dualStack === true ? dualStack : classic}`);
}

/** An answer of the service, by the mark that every exception of the SDK has. */
function isRefusal(error: unknown): error is EC2InstanceConnectServiceException {
  return error instanceof Error && '$fault' in error;
}

function translated(cause: unknown, { instanceId, ssh: { user } }: SshLease): unknown {
  if (cause instanceof Problem || (cause instanceof Error && cause.name === 'AbortError')) return cause;
  if (!isRefusal(cause)) return new Problem('SSM_UNREACHABLE', { cause });
  if (cause.name === 'ThrottlingException') return new Problem('SSM_THROTTLED', { cause });
  const detail = `The key for ${user} on ${instanceId} was not taken (${cause.name}).`;
  return new Problem(cause.$fault === 'client' ? 'SSH_KEY_REFUSED' : 'SSM_UNREACHABLE', { detail, cause });
}
