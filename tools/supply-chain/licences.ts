/**
 * `npm run licences [-- --start DIR]`: judges the licence of every installed package, and of those that the lock names
 * for other platforms. Ends with 1 when one is not allowed (AGPL and unknown ones among them).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judgeLicences, type LicencedPackage, type LicencePolicy } from './judge-licences.ts';

const root = resolve(import.meta.dirname, '../..');
const { values } = parseArgs({ options: { start: { type: 'string', default: root } } });

/** What license-checker finds in node_modules. */
function installed(start: string): LicencedPackage[] {
  const checker = join(root, 'node_modules/.bin/license-checker-rseidelsohn');
  const args = ['--start', start, '--json', '--excludePrivatePackages'];
  const { status, stdout, stderr } = spawnSync(checker, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`the licence reader failed: ${stderr}`);
  const found = JSON.parse(stdout) as Record<string, { licenses?: string | string[] }>;
  return Object.entries(found).map(([id, { licenses }]) => ({
    id,
    // Several entries of an old manifest leave the choice to the taker.
    licence: Array.isArray(licenses) ? licenses.join(' OR ') : licenses,
  }));
}

/** What the lock names; it holds the packages of every platform. */
function locked(start: string): LicencedPackage[] {
  const path = join(start, 'package-lock.json');
  if (!existsSync(path)) return [];
  const { packages } = JSON.parse(readFileSync(path, 'utf8')) as {
    packages: Record<string, { name?: string; version?: string; license?: string; link?: boolean }>;
  };
  return Object.entries(packages).flatMap(([folder, { name, version, license }]) => {
    const cut = folder.lastIndexOf('node_modules/');
    // Links and folders outside node_modules are our own workspaces.
    if (cut < 0 || version === undefined || license === undefined) return [];
    return [{ id: `${name ?? folder.slice(cut + 'node_modules/'.length)}@${version}`, licence: license }];
  });
}

const policy = JSON.parse(
  readFileSync(join(import.meta.dirname, 'licence-policy.json'), 'utf8'),
) as LicencePolicy;
const here = installed(values.start);
const known = new Set(here.map(({ id }) => id));
const elsewhere = locked(values.start).filter(({ id }) => !known.has(id));
const findings = judgeLicences([...here, ...elsewhere], policy);

for (const { id, licence } of findings) process.stdout.write(`not allowed: ${id} (${licence})\n`);
process.stdout.write(
  `${here.length} packages installed, ${elsewhere.length} for other platforms, ${findings.length} not allowed\n`,
);
process.exitCode = findings.length === 0 ? 0 : 1;
