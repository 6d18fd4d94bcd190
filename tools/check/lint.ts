/**
 * `npm run lint`: builds the project graph, without which the boundary rule skips itself, then lints folder by folder,
 * since the types of the AWS SDK, CDK and Next do not fit one process together.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);
const folders = ['libs', 'tools', 'e2e', 'infra', 'apps/api', 'apps/cli', 'apps/sandbox', 'apps/web'];
const env = {
  ...process.env,
  NX_DAEMON: 'false',
  NX_TUI: 'false',
  NODE_OPTIONS: '--max-old-space-size=6144',
};

function run(command: string, args: string[], quiet = false): boolean {
  const stdio = quiet ? (['ignore', 'ignore', 'inherit'] as const) : 'inherit';
  return spawnSync(command, args, { cwd: root, env, stdio: stdio as 'inherit' }).status === 0;
}

let clean = run(bin('nx'), ['show', 'projects'], true);
for (const folder of process.argv.length > 2 ? process.argv.slice(2) : folders)
  clean = run(bin('eslint'), [folder, '--max-warnings=0']) && clean;
process.exitCode = clean ? 0 : 1;
