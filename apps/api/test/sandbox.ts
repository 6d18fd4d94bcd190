/** The sandbox as a process of its own, reached as AWS is reached: by the SDK's standard settings alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface RunningSandbox {
  readonly endpoint: string;
  /** Variables that lead the AWS SDK to it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets its clock so many seconds from ours. */
  offsetClock(offsetSeconds: number): Promise<void>;
  stop(): Promise<void>;
}

interface Ready {
  readonly awsEndpoint: string;
  readonly region: string;
  readonly principalsFile: string;
}

const main = fileURLToPath(new URL('../../sandbox/src/main.ts', import.meta.url));

/** @param more further arguments of its command. */
export async function startSandbox(more: readonly string[] = []): Promise<RunningSandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-sandbox-'));
  const child = spawn(
    process.execPath,
    ['--conditions=development', main, '--data', folder, '--port', '0', '--control', ...more],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const ready = JSON.parse(line) as Ready;
  return {
    endpoint: ready.awsEndpoint,
    environment: await writeProfiles(join(folder, 'aws'), ready),
    offsetClock: async (offsetSeconds) => {
      const { secret } = JSON.parse(await readFile(join(folder, 'sandbox/control.json'), 'utf8')) as {
        secret: string;
      };
      const answer = await fetch(`${ready.awsEndpoint}/_sandbox/clock`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-sandbox-control': secret },
        body: JSON.stringify({ offsetSeconds }),
      });
      if (!answer.ok) throw new Error(`the sandbox's clock: ${answer.status}`);
    },
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeProfiles(folder: string, { awsEndpoint, region, principalsFile }: Ready) {
  const { principals } = JSON.parse(await readFile(principalsFile, 'utf8')) as {
    principals: { name: string; accessKeyId: string; secretAccessKey: string }[];
  };
  await mkdir(folder, { mode: 0o700 });
  const credentials = principals.map(
    ({ name, accessKeyId, secretAccessKey }) =>
      `[sallyport-${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  );
  const profiles = principals.map(({ name }) => `[profile sallyport-${name}]\nregion = ${region}\n`);
  await writeFile(join(folder, 'credentials'), credentials.join('\n'), { mode: 0o600 });
  await writeFile(join(folder, 'config'), profiles.join('\n'), { mode: 0o600 });
  return {
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
