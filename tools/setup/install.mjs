// Runs before `npm start`, `npm test` and `npm run check`, without dependencies and on Node 20: installs what the lock
// names when node_modules is missing or older than the lock. The scripts themselves then find Node 24 in node_modules.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const installed = join(root, 'node_modules/.package-lock.json');
const lock = join(root, 'package-lock.json');

const current = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
if (!current) {
  process.stderr.write('Installing dependencies (npm ci; one to two minutes the first time) ...\n');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.error) process.stderr.write(`npm could not be started: ${npm.error.message}\n`);
  if (npm.status !== 0) {
    process.stderr.write('npm ci failed: see its words above. Is the registry reachable?\n');
    process.exit(npm.status ?? 1);
  }
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const bundled = existsSync(join(root, 'node_modules/.bin/node'));
if (!bundled && (major < 22 || (major === 22 && minor < 18))) {
  process.stderr.write(`Node ${process.versions.node} is too old here: install Node 22.18 or newer.\n`);
  process.exit(1);
}
