import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';

const run = promisify(execFile);
const infra = fileURLToPath(new URL('..', import.meta.url));
const bin = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

it('synthesises every stack without an account or credentials', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-synth-'));
  folders.push(folder);
  await run(
    join(bin, 'cdk'),
    ['synth', '--no-notices', '--no-version-reporting', '--quiet', '--output', folder],
    {
      cwd: infra,
      // An empty home: nothing of this machine's AWS set-up can help.
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' },
    },
  );
  const templates = (await readdir(folder)).filter((name) => name.endsWith('.template.json'));
  expect(templates.sort()).toEqual([
    'SallyportHub.template.json',
    'SallyportRegion-workloads-eu-west-1.template.json',
    'SallyportSigning.template.json',
    'SallyportSpoke-workloads.template.json',
  ]);
});
