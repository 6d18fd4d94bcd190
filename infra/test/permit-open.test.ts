import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resource } from '@sallyport/catalog';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { permitOpenScript } from '../parts/permit-open.ts';
import { aCatalog } from './templates.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'sallyport-infra-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function aSubnet(routes: NonNullable<Resource['network']>['routes'], everything = false): Resource {
  const found = aCatalog().resources.find(({ kind }) => kind === 'subnet');
  if (!found?.network) throw new Error('the catalogue has no subnet');
  return { ...found, network: { ...found.network, routes, everything, way: 'ssh', sshUser: 'jit-forward' } };
}

it('lists each address and port of the subnet for its user, who can do nothing else', () => {
  const script = permitOpenScript([
    aSubnet([
      {
        cidr: '10.0.2.252/30',
        ports: [
          [443, 443],
          [8080, 8080],
        ],
        proto: 'tcp',
      },
      { cidr: '10.1.0.255/32', ports: [[1, 65_535]], proto: 'tcp' },
    ]),
  ]);
  // What the instance would run, but for the user, the folder and the service.
  const here = (script ?? '')
    .split('\n')
    .filter((line) => !/^(id -u|sshd -t|systemctl)/.test(line))
    .join('\n')
    .replaceAll('/etc/ssh/sshd_config.d', folder);
  execFileSync('bash', ['-c', here]);
  const lines = readFileSync(join(folder, '10-sallyport-jit-forward.conf'), 'utf8').trimEnd().split('\n');
  expect(lines[0]).toBe('Match User jit-forward');
  expect(lines).toContain('  ForceCommand /usr/sbin/nologin');
  const addresses = [252, 253, 254, 255].flatMap((last) => [`10.0.2.${last}:443`, `10.0.2.${last}:8080`]);
  expect(lines.at(-1)).toBe(`  PermitOpen ${[...addresses, '10.1.0.255:*'].join(' ')}`);
});

it('is left out where nothing is held so, and fits the user data of an instance', () => {
  const routes = [{ cidr: '10.0.0.0/22', ports: [[443, 443] as const], proto: 'tcp' as const }];
  expect(permitOpenScript(aCatalog().resources)).toBeUndefined();
  expect(permitOpenScript([aSubnet(routes, true)])).toBeUndefined();
  expect(permitOpenScript([aSubnet(routes)])?.length).toBeLessThan(16_384);
});
