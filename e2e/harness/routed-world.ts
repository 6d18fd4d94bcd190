import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../../tools/start/installation.ts';
import type { ProductOptions } from './product.ts';

/** A network of staging, so that its grant needs nobody's yes. */
function network(name: string, cidr: string, members: readonly string[] = []): string {
  return [
    `  - name: ${name}`,
    ...[
      'kind: subnet',
      `title: ${name}`,
      'description: A network for tests.',
      'environment: staging',
      'team: platform',
      'tags: { app: test }',
      'gateway: bastion',
      `cidr: ${cidr}`,
      "ports: ['tcp:1-65535', icmp]",
      'way: agent',
      'connectable: true',
      'recording: { recorded: true, where: Audit log, statement: Every conversation is recorded. }',
      ...members,
    ].map((line) => `    ${line}`),
    '',
  ].join('\n');
}

/**
 * The product's own world with two networks more: `staging-vpc` (10.20.0.0/20) and `staging-twin` (10.20.8.0/24), which lies inside the first.
 */
export function routedWorld(): ProductOptions & { remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-routed-world-'));
  chmodSync(folder, 0o700);
  const text = (file: string) => readFileSync(join(repository, 'config', file), 'utf8');
  const catalog = join(folder, 'catalog.yaml');
  const world = join(folder, 'world.yaml');
  writeFileSync(
    catalog,
    [
      text('catalog.yaml'),
      network('staging-vpc', '10.20.0.0/20'),
      network('staging-twin', '10.20.8.0/24'),
    ].join('\n'),
  );
  const web = [
    '  - host: 10.20.8.60',
    '    address: 10.20.8.60',
    '    port: 8080',
    '    backing: { kind: web-page }',
    '',
  ];
  // The private network is one list among others: ours are its first.
  writeFileSync(world, text('world.yaml').replace(/^network:\n/mu, `network:\n${web.join('\n')}`));
  return {
    pacing: true,
    sandboxArgs: ['--world', world],
    apiEnvironment: { SALLYPORT_CATALOG: catalog },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
