import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aKeyHolder } from '@sallyport/grant-token/testing';
import { installationOf } from '../program/commands.ts';
import { currentRelease, installUpdate, pointTo } from './install-update.ts';
import { compareVersions, readManifest, signManifest } from './manifest.ts';

let folder: string;
let releases: Awaited<ReturnType<typeof aKeyHolder>>;
let restarts: (string | undefined)[];
let now: number;
let fetched: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-update-'));
  releases = await aKeyHolder();
  restarts = [];
  fetched = [];
  now = 1_800_000_000_000;
  mkdirSync(join(folder, 'releases/1.2.0'), { recursive: true });
  writeFileSync(join(folder, 'releases/1.2.0/sallyport-agent'), 'old');
  pointTo(folder, '1.2.0');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Given {
  version?: string;
  signer?: typeof releases;
  bytes?: string;
  claimed?: string;
  platform?: 'node' | 'linux-arm64';
  fit?: boolean;
  serves?: boolean;
  tamper?: (manifest: string) => string;
}

async function update(given: Given = {}) {
  const program = Buffer.from(given.bytes ?? 'new');
  const claimed = Buffer.from(given.claimed ?? given.bytes ?? 'new');
  const sha256 = createHash('sha256').update(claimed).digest('hex');
  const manifest = await signManifest(
    {
      product: 'sallyport-agent',
      version: given.version ?? '1.3.0',
      artefacts: [{ platform: given.platform ?? 'node', file: 'agent.cjs', sha256, bytes: claimed.length }],
    },
    (given.signer ?? releases).signer,
  );
  const files: Record<string, Uint8Array> = {
    'manifest.json': Buffer.from((given.tamper ?? ((text: string) => text))(manifest)),
    'agent.cjs': program,
  };
  return installUpdate({
    folder,
    runningVersion: '1.2.0',
    platform: 'node',
    releaseKey: releases.publicKey,
    clock: { now: () => now },
    ports: {
      fetch: async (file) => {
        fetched.push(file);
        return files[file] ?? Buffer.alloc(0);
      },
      isFit: async (path) => {
        expect(statSync(path).mode & 0o111).toBe(0o111);
        expect(currentRelease(folder)).toBe('1.2.0');
        return given.fit ?? true;
      },
      restart: async () => {
        restarts.push(currentRelease(folder));
        return given.serves ?? currentRelease(folder) !== undefined;
      },
    },
  });
}
const program = () => readFileSync(join(folder, 'current/sallyport-agent'), 'utf8');

it('installs a newer signed release by one swap and starts it', async () => {
  await expect(update()).resolves.toBe('1.3.0');
  expect(program()).toBe('new');
  expect(restarts).toEqual(['1.3.0']);
  expect(readdirSync(join(folder, 'releases')).sort()).toEqual(['1.2.0', '1.3.0']);
});

it('does nothing when the newest runs already', async () => {
  await expect(update({ version: '1.2.0' })).resolves.toBeUndefined();
  expect(restarts).toEqual([]);
});

it.each<[string, () => Promise<Given> | Given]>([
  ['an older release, though it is signed', () => ({ version: '1.1.9' })],
  ['a release of a foreign key', async () => ({ signer: await aKeyHolder() })],
  ['a changed manifest', () => ({ tamper: (text) => text.replace('1.3.0', '1.4.0') })],
  ['a manifest that is none', () => ({ tamper: () => '{}' })],
  ['a manifest that is no JSON', () => ({ tamper: () => 'x' })],
  ['other bytes than were signed', () => ({ bytes: 'evil', claimed: 'good' })],
  ['bytes of another length', () => ({ bytes: 'good and more', claimed: 'good' })],
  ['a release for other machines only', () => ({ platform: 'linux-arm64' })],
  ['a release that fails its self-check', () => ({ fit: false })],
])('refuses %s, and the running one stays in place', async (_, given) => {
  await expect(update(await given())).rejects.toMatchObject({ code: 'AGENT_UPDATE_REFUSED' });
  expect(program()).toBe('old');
  expect(restarts).toEqual([]);
  expect(readdirSync(join(folder, 'releases'))).toEqual(['1.2.0']);
});

it('goes back when the new one does not serve', async () => {
  await expect(update({ serves: false })).rejects.toMatchObject({ code: 'AGENT_UPDATE_REFUSED' });
  expect(program()).toBe('old');
  expect(restarts).toEqual(['1.3.0', '1.2.0']);
  expect(existsSync(join(folder, 'releases/1.3.0'))).toBe(false);
});

it('tries a release that did not serve again after 2, 4, 8 days and no sooner, another release at once', async () => {
  const day = 86_400_000;
  const tried: number[] = [];
  for (let today = 0; today <= 14; today += 1) {
    now = 1_800_000_000_000 + today * day;
    fetched = [];
    await expect(update({ serves: false })).rejects.toMatchObject({ code: 'AGENT_UPDATE_REFUSED' });
    if (fetched.includes('agent.cjs')) tried.push(today);
  }
  expect(tried).toEqual([0, 2, 6, 14]);
  expect(restarts).toHaveLength(2 * tried.length);
  await expect(update({ bytes: 'mended' })).resolves.toBe('1.3.0');
  expect(existsSync(join(folder, 'failed-release.json'))).toBe(false);
});

it('counts an attempt that the machine did not outlive, and one under a clock that was set back', async () => {
  const dies = update({
    get fit(): boolean {
      throw new Error('power cut');
    },
  });
  await expect(dies).rejects.toThrow('power cut');
  await expect(update()).rejects.toMatchObject({ code: 'AGENT_UPDATE_REFUSED' });
  now -= 3_600_000;
  await expect(update()).resolves.toBe('1.3.0');
});

it('sweeps what an interrupted update left, and keeps one release to go back to', async () => {
  mkdirSync(join(folder, 'releases/.incoming-1.3.0'));
  mkdirSync(join(folder, 'releases/1.0.0'));
  await expect(update()).resolves.toBe('1.3.0');
  expect(readdirSync(join(folder, 'releases')).sort()).toEqual(['1.2.0', '1.3.0']);
});

it('compares versions by numbers and reads nothing that is not signed', async () => {
  expect(compareVersions('1.10.0', '1.9.9')).toBeGreaterThan(0);
  expect(compareVersions('0.9.9', '1.0.0')).toBeLessThan(0);
  const unsigned = JSON.stringify({ manifest: '{}', signature: 'AA' });
  await expect(readManifest(unsigned, releases.publicKey)).rejects.toMatchObject({
    code: 'AGENT_UPDATE_REFUSED',
  });
});

it('finds the installation behind the link that its service starts it by', () => {
  const expected = realpathSync(folder);
  expect(installationOf(join(folder, 'current/sallyport-agent'))).toBe(expected);
  expect(installationOf(join(folder, 'releases/1.2.0/sallyport-agent'))).toBe(expected);
});
