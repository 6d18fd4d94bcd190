import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint, generateKeyPair } from '@sallyport/grant-token';
import { install, uninstall, type Sources } from './install.ts';
import { placesFor } from './places.ts';
import { refuseUnsafePath } from './safe-path.ts';
import { launchdPlist, systemdUnit } from './service-files.ts';
import { startCalls, stopCalls } from './service.ts';

const isRoot = process.getuid?.() === 0;
let root: string;
let sources: Sources;
beforeEach(() => {
  if (!isRoot) return;
  root = mkdtempSync('/var/lib/sallyport-test-');
  chmodSync(root, 0o755);
  const from = join(root, 'from');
  mkdirSync(join(from, 'koffi'), { recursive: true });
  for (const file of ['node', 'helper.mjs', 'koffi/package.json', 'koffi/README.md'])
    writeFileSync(join(from, file), file);
  chmodSync(join(from, 'koffi/package.json'), 0o666);
  sources = {
    node: join(from, 'node'),
    bundle: join(from, 'helper.mjs'),
    packages: { koffi: join(from, 'koffi') },
  };
});
afterEach(() => {
  if (isRoot) rmSync(root, { recursive: true, force: true });
});

async function trustIn(issuer: string) {
  const { publicKey } = await generateKeyPair();
  return {
    trust: { issuers: [{ issuer, serial: 1, keys: [publicKey] }] },
    confirmed: [fingerprint(publicKey.kid ?? '')],
  };
}
const places = (more = {}) => placesFor('linux', { root: join(root, 'to'), hasServices: true, ...more });

describe.skipIf(!isRoot)('an installed helper', () => {
  it('is a copy that only root may write, with trust and a service', async () => {
    const { trust, confirmed } = await trustIn('https://one.example');
    const { program, service, issuers } = await install(places(), sources, trust, confirmed);
    expect(issuers).toEqual([{ issuer: 'https://one.example', fingerprints: confirmed }]);
    expect(statSync(join(program, 'node')).mode & 0o7777).toBe(0o755);
    expect(statSync(join(program, 'node_modules/koffi/package.json')).mode & 0o7777).toBe(0o644);
    expect(existsSync(join(program, 'node_modules/koffi/README.md'))).toBe(false);
    expect(readFileSync(service!, 'utf8')).toContain(`ExecStart=${program}/node ${program}/helper.mjs serve`);
  });

  it('is replaced by the next installation, which keeps trust in other control planes, and is gone after uninstall', async () => {
    const [one, two] = [await trustIn('https://one.example'), await trustIn('https://two.example')];
    await install(places(), sources, one.trust, one.confirmed);
    writeFileSync(sources.bundle, 'newer');
    const { program } = await install(places(), sources, two.trust, two.confirmed);
    expect(readFileSync(join(program, 'helper.mjs'), 'utf8')).toBe('newer');
    const known = JSON.parse(readFileSync(join(places().etc, 'trust.json'), 'utf8')) as {
      issuers: { issuer: string }[];
    };
    expect(known.issuers.map(({ issuer }) => issuer)).toEqual(['https://one.example', 'https://two.example']);
    expect(uninstall(places())).toHaveLength(3);
    expect(existsSync(program)).toBe(false);
  });

  it('trusts no key that nobody confirmed', async () => {
    const { trust } = await trustIn('https://one.example');
    await expect(install(places(), sources, trust, ['SHA256:other'])).rejects.toMatchObject({
      code: 'HELPER_GRANT_INVALID',
    });
    expect(existsSync(places().program)).toBe(false);
  });

  it.each([
    ['that a group may write', (path: string) => chmodSync(path, 0o775)],
    ['that everybody may write, sticky or not', (path: string) => chmodSync(path, 0o1777)],
    ['of another user', (path: string) => chownSync(path, 1000, 1000)],
  ])('refuses a folder %s, anywhere on the way', async (_what, spoil) => {
    const above = join(root, 'to/usr');
    mkdirSync(above, { recursive: true });
    spoil(above);
    const { trust, confirmed } = await trustIn('https://one.example');
    await expect(install(places(), sources, trust, confirmed)).rejects.toMatchObject({
      code: 'HELPER_PATH_UNSAFE',
      message: expect.stringContaining(above),
    });
    expect(existsSync(places().etc)).toBe(false);
  });

  it('follows links, and judges where they lead', () => {
    const theirs = join(root, 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, 1000, 1000);
    symlinkSync(theirs, join(root, 'link'));
    expect(() => refuseUnsafePath(join(root, 'link/helper.mjs'))).toThrow(
      expect.objectContaining({ code: 'HELPER_PATH_UNSAFE' }),
    );
    symlinkSync('loop', join(root, 'loop'));
    expect(() => refuseUnsafePath(join(root, 'loop'))).toThrow(
      expect.objectContaining({ code: 'HELPER_PATH_UNSAFE' }),
    );
  });
});

it('runs with one capability under systemd, and by launchd on macOS', () => {
  const linux = placesFor('linux', { hasServices: true });
  expect(systemdUnit(linux)).toContain(
    'CapabilityBoundingSet=CAP_NET_ADMIN\nAmbientCapabilities=\nNoNewPrivileges=yes',
  );
  expect(systemdUnit(linux)).toContain(
    'ExecStart=/usr/local/libexec/sallyport/node /usr/local/libexec/sallyport/helper.mjs serve --etc /etc/sallyport --run /run/sallyport\n',
  );
  const mac = placesFor('darwin', { hasServices: true });
  expect(launchdPlist(mac)).toContain(
    '<string>/Library/Sallyport/node</string>\n    <string>/Library/Sallyport/helper.mjs</string>',
  );
  expect(startCalls(mac)).toEqual([
    ['/bin/launchctl', 'bootstrap', 'system', '/Library/LaunchDaemons/app.sallyport.helper.plist'],
  ]);
  expect(stopCalls(linux)).toEqual([['/usr/bin/systemctl', 'disable', '--now', 'sallyport-helper.service']]);
  expect(startCalls(placesFor('linux', { hasServices: false }))).toEqual([]);
});
