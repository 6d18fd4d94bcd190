import { describe, expect, it } from 'vitest';
import type { ClientCase, ReachedResource } from './place.ts';
import { placeVariables, settingsFor, wantsToken } from './settings-for.ts';
import { exportLines, shellQuoted, unsetLine } from './shell-words.ts';

const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const database = { name: 'shop', role: 'app_ro' };

function settings(
  resource: Partial<ReachedResource>,
  over: Partial<ClientCase> = {},
  socket: string | null = null,
) {
  const whole = { name: 'prod-rds', host: 'prod-db.internal', port: 5432, ...resource };
  return settingsFor({
    place: { resource: whole, host: '127.0.0.1', port: 15432, socket },
    folder: '/state/handed-over/7-prod-rds',
    password: undefined,
    publicAuthorities: '/etc/ssl/bundle.crt',
    program: ['/usr/bin/node', '/opt/tunnel/bin/run.js'],
    ...over,
  });
}

describe('PostgreSQL', () => {
  it('is told the port of this machine, role and database', () => {
    const { url, env, files } = settings({ protocol: 'postgresql', database });
    expect(url).toBe('postgres://app_ro@127.0.0.1:15432/shop');
    expect(env).toEqual({ PGHOST: '127.0.0.1', PGPORT: '15432', PGUSER: 'app_ro', PGDATABASE: 'shop' });
    expect(files).toEqual({});
  });

  it('verifies the name in the certificate and dials this machine (c5)', () => {
    const { url, env, files } = settings(
      { protocol: 'postgresql', database, tls: { serverName: 'prod.rds.example', ca } },
      { password: 'prod.rds.example:5432/?Action=connect&X=a\\b' },
    );
    expect(env).toMatchObject({
      PGHOST: 'prod.rds.example',
      PGHOSTADDR: '127.0.0.1',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/state/handed-over/7-prod-rds/ca.pem',
      PGPASSFILE: '/state/handed-over/7-prod-rds/pgpass',
    });
    expect(files['passfile']?.text).toBe(
      'prod.rds.example:15432:shop:app_ro:prod.rds.example\\:5432/?Action=connect&X=a\\\\b\n',
    );
    expect(url).toBe(
      'postgres://app_ro@prod.rds.example:15432/shop?hostaddr=127.0.0.1&sslmode=verify-full' +
        '&sslrootcert=/state/handed-over/7-prod-rds/ca.pem&passfile=/state/handed-over/7-prod-rds/pgpass',
    );
    expect(JSON.stringify({ url, env })).not.toContain('Action');
  });

  it('trusts the public authorities where the catalogue names none', () => {
    const { env } = settings({ protocol: 'postgresql', database, tls: {} });
    expect(env).toMatchObject({ PGHOST: 'prod-db.internal', PGSSLROOTCERT: '/etc/ssl/bundle.crt' });
  });

  it('takes the folder of a socket that is named as libpq expects', () => {
    const { url, env } = settings({ protocol: 'postgresql', database }, {}, '/run/me/.s.PGSQL.5432');
    expect(env).toMatchObject({ PGHOST: '/run/me', PGPORT: '5432' });
    expect(url).toBe('postgres://app_ro@:5432/shop?host=/run/me');
  });

  it('escapes what a URL would read otherwise', () => {
    const { url } = settings({ protocol: 'postgresql', database: { name: 'a/b', role: 'x@y' } });
    expect(url).toBe('postgres://x%40y@127.0.0.1:15432/a%2Fb');
  });
});

describe('MySQL and MariaDB', () => {
  it('get an option file, with the token in it and nowhere else', () => {
    const { url, env, files } = settings(
      { protocol: 'mysql', database, tls: { ca } },
      { password: 'tok"en' },
    );
    expect(env).toMatchObject({
      MYSQL_HOST: '127.0.0.1',
      MYSQL_TCP_PORT: '15432',
      MYSQL_HOME: '/state/handed-over/7-prod-rds',
    });
    expect(files['defaults']?.text).toContain('password="tok\\"en"');
    expect(files['defaults']?.text).toContain('loose_ssl-mode=VERIFY_CA');
    expect(JSON.stringify({ url, env })).not.toContain('tok');
  });
});

it('Redis is told by REDIS_URL, encrypted where the resource is', () => {
  expect(settings({ protocol: 'redis' })).toMatchObject({
    url: 'redis://127.0.0.1:15432',
    env: { REDIS_URL: 'redis://127.0.0.1:15432', REDIS_PORT: '15432' },
  });
  expect(settings({ protocol: 'redis', tls: {} }).url).toBe('rediss://127.0.0.1:15432');
});

it('a cluster gets a kubeconfig that checks its own name and asks this program for tokens', () => {
  const { env, files } = settings({
    name: 'prod-eks',
    protocol: 'kubernetes',
    cluster: { name: 'prod', serverName: 'abc.eks.example', ca },
  });
  const config = JSON.parse(files['kubeconfig']?.text ?? '');
  expect(env).toEqual({ KUBECONFIG: '/state/handed-over/7-prod-rds/kubeconfig' });
  expect(config.clusters[0].cluster).toEqual({
    server: 'https://127.0.0.1:15432',
    'tls-server-name': 'abc.eks.example',
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
  });
  expect(config.users[0].user.exec).toMatchObject({
    command: '/usr/bin/node',
    args: ['/opt/tunnel/bin/run.js', 'creds', 'prod-eks', '--kubernetes'],
  });
});

it.each([
  [{ protocol: 'http' }, 'http://127.0.0.1:15432/'],
  [{ protocol: 'ssh' }, 'ssh://127.0.0.1:15432'],
  [{ protocol: null }, '127.0.0.1:15432'],
])('%j is addressed as %s', (resource, url) => {
  expect(settings(resource).url).toBe(url);
});

it('asks for a token only where the database takes one', () => {
  expect(wantsToken({ database: { ...database, auth: 'iam' } })).toBe(true);
  expect(wantsToken({ database: { ...database, auth: 'none' } })).toBe(false);
  expect(wantsToken({ database: null })).toBe(false);
});

it('names variables of one of several after the resource', () => {
  const place = { resource: { name: 'prod-rds', host: null, port: null }, host: 'h', port: 1, socket: '/s' };
  expect(placeVariables({ place }, 'u')).toEqual({
    TUNNEL_PROD_RDS_HOST: 'h',
    TUNNEL_PROD_RDS_PORT: '1',
    TUNNEL_PROD_RDS_URL: 'u',
    TUNNEL_PROD_RDS_SOCKET: '/s',
  });
});

it('quotes for the shell so that nothing is expanded', () => {
  expect(shellQuoted("a'b $(x)")).toBe("'a'\\''b $(x)'");
  expect(exportLines({ A: 'x y', B: '/plain' })).toBe("export A='x y'\nexport B=/plain");
  expect(unsetLine([])).toBe('');
});
