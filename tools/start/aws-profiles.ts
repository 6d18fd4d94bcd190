import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './secrets.ts';

interface Principals {
  readonly principals: readonly { name: string; accessKeyId: string; secretAccessKey: string }[];
}

/**
 * Writes the AWS SDK's own two files for the control plane's three principals and returns the environment that makes
 * the SDK read them, and nothing of the person's own.
 */
export function awsEnvironment(
  dataDir: string,
  sandbox: { awsEndpoint: string; region: string; principalsFile: string },
) {
  const folder = join(dataDir, 'aws');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { principals } = JSON.parse(readFileSync(sandbox.principalsFile, 'utf8')) as Principals;
  const section = (lines: string[]) => lines.join('\n') + '\n';
  const credentials = principals.map(({ name, accessKeyId, secretAccessKey }) =>
    section([
      `[sallyport-${name}]`,
      `aws_access_key_id = ${accessKeyId}`,
      `aws_secret_access_key = ${secretAccessKey}`,
    ]),
  );
  const profiles = principals.map(({ name }) =>
    section([
      `[profile sallyport-${name}]`,
      `region = ${sandbox.region}`,
      `endpoint_url = ${sandbox.awsEndpoint}`,
    ]),
  );
  writePrivate(join(folder, 'credentials'), credentials.join('\n'));
  writePrivate(join(folder, 'config'), profiles.join('\n'));
  return {
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_ENDPOINT_URL: sandbox.awsEndpoint,
    AWS_REGION: sandbox.region,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** The caller's environment without anything that could lead the SDK to real credentials or endpoints. */
export function withoutAws(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_')));
}
