/** `npm run check`: the one quick check. Each step is one command; all run, the failed ones are named at the end. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);
const units = [
  'effects',
  'problems',
  'catalog',
  'iam-policy',
  'access-domain',
  'ssm-protocol',
  'agent-protocol',
  'grant-token',
  'recording',
  'tunnel',
  'connect',
  'tools',
];

const steps: [name: string, command: string, args: string[]][] = [
  ['generated files', 'npm', ['run', '--silent', 'generate', '--', '--check']],
  ['format', bin('prettier'), ['--check', '--log-level=warn', '.']],
  ['lint and boundaries', process.execPath, [join(root, 'tools/check/lint.ts')]],
  ['boundaries inside the API', bin('depcruise'), ['apps/api/src', '--config', '.dependency-cruiser.cjs']],
  ['types', bin('nx'), ['run-many', '-t', 'typecheck', '--output-style=static']],
  ['unit tests and canaries', bin('vitest'), ['run', ...units.flatMap((name) => ['--project', name])]],
];

const failed: string[] = [];
for (const [name, command, args] of steps) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NEXT_TELEMETRY_DISABLED: '1' },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? '✓' : '✗'} ${name.padEnd(28)} ${seconds.padStart(6)} s\n`);
  if (status === 0) continue;
  failed.push(name);
  process.stdout.write(`${stdout}${stderr}\n`);
}
process.stdout.write(failed.length === 0 ? 'All good.\n' : `Failed: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
