import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../tools/start/installation.ts';
import type { ProductOptions } from './product.ts';
import type { RealServers } from './real-servers.ts';

const base = join(repository, 'apps/sandbox/test/world');

/** One more resource of the catalogue, auto-approved like everything of staging. */
function resource(name: string, members: readonly string[]): string {
  return [
    `  - name: ${name}`,
    ...[
      `title: ${name}`,
      'description: A real server, for tests with real clients.',
      'environment: staging',
      'team: platform',
      'tags: { app: test }',
      'gateway: bastion',
      'connectable: true',
      'recording: { recorded: false, statement: The amount of traffic is recorded. }',
      ...members,
    ].map((line) => `    ${line}`),
    '',
  ].join('\n');
}

function listener(host: string, address: string, port: number, path: string): string {
  return [
    `  - host: ${host}`,
    `    address: ${address}`,
    `    port: ${port}`,
    `    backing: { kind: socket, path: ${JSON.stringify(path)} }`,
    '',
  ].join('\n');
}

/** The transfer world with the real servers in its private network: `test-pg15`, `test-mariadb`, `test-redis`, `test-files`. */
export function clientsWorld({ folder, sockets }: RealServers): ProductOptions {
  const catalog = join(folder, 'catalog.yaml');
  const world = join(folder, 'world.yaml');
  const sql = (protocol: string, host: string, port: number) => [
    'kind: database',
    `protocol: ${protocol}`,
    `host: ${host}`,
    `port: ${port}`,
    'database: { name: app, role: app }',
  ];
  writeFileSync(
    catalog,
    [
      readFileSync(join(base, 'transfer-catalog.yaml'), 'utf8'),
      resource('test-pg15', sql('postgresql', 'pg15.internal', 5432)),
      resource('test-mariadb', sql('mysql', 'mariadb.internal', 3306)),
      resource('test-redis', ['kind: database', 'protocol: redis', 'host: redis.internal', 'port: 6379']),
      resource('test-files', ['kind: port', 'protocol: http', 'host: files.internal', 'port: 8080']),
    ].join('\n'),
  );
  writeFileSync(
    world,
    [
      readFileSync(join(base, 'transfer.yaml'), 'utf8').replace(
        'catalog: transfer-catalog.yaml',
        'catalog: catalog.yaml',
      ),
      listener('pg15.internal', '10.0.6.15', 5432, sockets.postgres),
      listener('mariadb.internal', '10.0.6.33', 3306, sockets.mariadb),
      listener('redis.internal', '10.0.6.63', 6379, sockets.redis),
      listener('files.internal', '10.0.6.80', 8080, sockets.files),
    ].join(''),
  );
  return { sandboxArgs: ['--world', world], apiEnvironment: { SALLYPORT_CATALOG: catalog } };
}
