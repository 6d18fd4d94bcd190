import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentSettings } from './attached-agent/agent-settings.ts';
import { writePrivateText } from './principals/private-file.ts';
import { runSandbox } from './run.ts';
import type { Sandbox } from './sandbox.ts';

/** `npm run sandbox`: AWS in a box alone, with words for a person on standard output. Takes the switches of `main.ts`. */
const args = process.argv.slice(2);
const ownData = fileURLToPath(new URL('../../../.data/aws', import.meta.url));
const asked = args.some((arg) => arg === '--data' || arg.startsWith('--data='));
await runSandbox(asked ? args : ['--data', ownData, ...args], instructions, ['warn', 'error']);

async function instructions(sandbox: Sandbox): Promise<string> {
  const { world, endpoint, installation, trailFile, agents } = sandbox;
  const [region = ''] = world.catalog.accounts.flatMap(({ regions }) => regions);
  const credentialsFile = join(installation.folder, 'credentials');
  await writePrivateText(
    credentialsFile,
    installation.principals
      .map(
        ({ name, accessKeyId, secretAccessKey }) =>
          `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
      )
      .join('\n'),
  );
  const profiles = installation.principals.map(({ name }) => name);
  const profile = profiles.includes('operator') ? 'operator' : (profiles[0] ?? '');
  const target = [...world.instances.values()].find(({ online }) => online)?.id ?? 'INSTANCE';
  return [
    '',
    `  AWS in a box serves at ${endpoint}: STS, SSM, EC2 and the message gateway. Nothing leaves this machine.`,
    '',
    '  In another terminal',
    `    export AWS_ENDPOINT_URL=${endpoint}`,
    `    export AWS_REGION=${region} AWS_DEFAULT_REGION=${region} AWS_EC2_METADATA_DISABLED=true AWS_PAGER=`,
    `    export AWS_SHARED_CREDENTIALS_FILE=${credentialsFile} AWS_CONFIG_FILE=/dev/null`,
    `    export AWS_PROFILE=${profile}${' '.repeat(Math.max(1, 27 - profile.length))}one of ${profiles.join(', ')}`,
    '    aws sts get-caller-identity                     the AWS CLI before 2.13 also needs --endpoint-url $AWS_ENDPOINT_URL',
    '    aws ssm describe-instance-information',
    `    aws ssm start-session --target ${target} --document-name AWS-StartPortForwardingSessionToRemoteHost \\`,
    '        --parameters host=10.0.2.60,portNumber=8080,localPortNumber=8080',
    '',
    `  Every call is written to ${trailFile}.`,
    ...agents.flatMap(agentInstructions),
    '',
    '  Ctrl-C stops it.',
    '',
    '',
  ].join('\n');
}

/** What an unmodified agent needs to attach. */
function agentInstructions({
  instanceId,
  endpoint,
  configurationFile,
  environment,
}: AgentSettings): string[] {
  return [
    '',
    `  An unmodified amazon-ssm-agent may attach at ${endpoint} as ${instanceId}. Run it as root with`,
    `    cp ${configurationFile} /etc/amazon/ssm/amazon-ssm-agent.json`,
    '      (or into configuration/ beside the binary, when ssm-agent-worker and ssm-session-worker are beside it too)',
    ...Object.entries(environment).map(([name, value]) => `    export ${name}=${value}`),
    '    amazon-ssm-agent',
    '  It dials from its own machine: names of the emulated network mean nothing to it, localhost does.',
  ];
}
