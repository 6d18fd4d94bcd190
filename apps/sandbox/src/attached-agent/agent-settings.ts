import { join } from 'node:path';
import type { Installation } from '../principals/installation.ts';
import { writePrivateText } from '../principals/private-file.ts';
import type { World } from '../world/world.ts';
import { agentPrincipal } from './attached-world.ts';

/** Where the settings of one attached agent were written. Keys are in the files only. */
export interface AgentSettings {
  readonly instanceId: string;
  readonly region: string;
  /** `https://HOST:PORT`. */
  readonly endpoint: string;
  /** To be put beside the agent's binary as `configuration/amazon-ssm-agent.json`, or into `/etc/amazon/ssm/`. */
  readonly configurationFile: string;
  /** Environment of the agent's process. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Writes what the unmodified agent must be told, for every attached instance of the world. Files are 0600. */
export async function writeAgentSettings(
  folder: string,
  endpoint: string,
  caFile: string,
  { world, installation }: { readonly world: World; readonly installation: Installation },
): Promise<readonly AgentSettings[]> {
  const key = installation.principals.find(({ name }) => name === agentPrincipal);
  const credentialsFile = join(folder, 'credentials');
  await writePrivateText(
    credentialsFile,
    `[default]\naws_access_key_id = ${key?.accessKeyId}\naws_secret_access_key = ${key?.secretAccessKey}\n`,
  );
  const attached = [...world.instances.values()].filter(({ agent }) => agent === 'attached');
  const settings: AgentSettings[] = [];
  for (const { id, region, zone } of attached) {
    const configurationFile = join(folder, id, 'amazon-ssm-agent.json');
    await writePrivateText(
      configurationFile,
      JSON.stringify(
        {
          Agent: { Region: region },
          // Without the scheme the agent cannot read Mgs.Endpoint and silently calls the public name.
          Mgs: { Endpoint: endpoint, Region: region },
          Ssm: { Endpoint: endpoint },
          Mds: { Endpoint: endpoint },
          Kms: { Endpoint: endpoint },
          S3: { Endpoint: endpoint },
          Identity: {
            ConsumptionOrder: ['CustomIdentity'],
            CustomIdentities: [
              {
                InstanceID: id,
                Region: region,
                AvailabilityZone: zone,
                InstanceType: 'sandbox',
                // The SDK's chain: it finds the credentials file below.
                CredentialsProvider: 'DEFAULT',
              },
            ],
          },
        },
        null,
        2,
      ) + '\n',
    );
    settings.push({
      instanceId: id,
      region,
      endpoint,
      configurationFile,
      environment: {
        SSL_CERT_FILE: caFile,
        AWS_SHARED_CREDENTIALS_FILE: credentialsFile,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
  }
  return settings;
}
