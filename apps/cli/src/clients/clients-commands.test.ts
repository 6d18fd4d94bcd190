import { execFileSync } from 'node:child_process';
import { lstat, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { aGrant, aLease, type ApiDouble, aRequest, aResource } from '../../test/api-double.ts';
import { announcedTunnel } from '../../test/open-tunnel-double.ts';
import { eachTestHas } from '../../test/desk.ts';
import type { Person } from '../../test/world-double.ts';

let api: ApiDouble;
let person: Person;
let signedIn: () => Promise<void>;
eachTestHas((desk) => ({ api, person, signedIn } = desk));
const iam = {
  database: { name: 'shop', role: 'app_ro', auth: 'iam' },
  tls: { serverName: 'prod-db.internal', ca: '-----BEGIN CERTIFICATE-----\n' },
};

beforeEach(async () => {
  await signedIn();
  api.on('GET /resources/prod-rds', { body: aResource() });
  api.on('GET /resources', { body: { items: [aResource()] } });
  api.on('GET /grants', { body: { items: [aGrant()] } });
  api.on('GET /access-requests', { body: { items: [] } });
  api.on(`POST /grants/${aGrant().id}/leases`, { status: 201, body: aLease() });
});

describe('url and env', () => {
  it('say how to open what is not open, exit 6, and what still waits, exit 8', async () => {
    const closed = await person.types('url', 'prod-rds');
    expect(closed).toMatchObject({ code: 6, out: '' });
    expect(closed.err).toContain('tunnel connect prod-rds (TUNNEL_UNKNOWN)');
    api.on('GET /access-requests', { body: { items: [aRequest()] } });
    expect(await person.types('env', 'prod-rds')).toMatchObject({ code: 8 });
  });

  it('tell the port that is open, and what a shell makes of the lines', async () => {
    const open = await announcedTunnel(person.world(), { port: 16001 });
    try {
      expect((await person.types('url', 'prod-rds')).out).toBe('postgres://app_ro@127.0.0.1:16001/shop\n');
      person.env['PGPASSWORD'] = 'of another';
      const { out } = await person.types('env', 'prod-rds');
      const told = execFileSync(
        'sh',
        ['-c', `${out}\necho "$PGHOST $PGPORT $TUNNEL_PROD_RDS_URL \${PGPASSWORD-none}"`],
        {
          env: { PATH: process.env['PATH'], PGPASSWORD: 'of another' },
          encoding: 'utf8',
        },
      );
      expect(told).toBe('127.0.0.1 16001 postgres://app_ro@127.0.0.1:16001/shop none\n');
      const { out: unset } = await person.types('env', 'prod-rds', '--unset');
      expect(unset).toMatch(/^unset TUNNEL_HOST .*PGHOST/u);
    } finally {
      await open.close();
    }
  });

  it('takes back no variable whose name a shell would run', async () => {
    const open = await announcedTunnel(person.world());
    try {
      person.env['PG$(echo ran >&2)'] = 'x';
      person.env['PGPASSWORD'] = 'of another';
      const { out } = await person.types('env', 'prod-rds');
      expect(out).toMatch(/^unset PGPASSWORD$/mu);
      expect(out).not.toContain('echo ran');
    } finally {
      await open.close();
    }
  });

  it('say where the listener is, when a tunnel has no port of its own', async () => {
    const open = await announcedTunnel(person.world(), { port: 0, url: 'socks5h://127.0.0.1:1080' });
    try {
      const { code, out, err } = await person.types('url', 'prod-rds');
      expect({ code, out }).toEqual({ code: 6, out: '' });
      expect(err).toContain('behind socks5h://127.0.0.1:1080');
    } finally {
      await open.close();
    }
  });

  it('hand a token over in a 0600 file, fresh for each run, and print it nowhere (c5)', async () => {
    api.on('GET /resources/prod-rds', { body: aResource(iam) });
    const open = await announcedTunnel(person.world());
    try {
      const first = await person.types('url', 'prod-rds', '--json', '--debug');
      const { files, url } = JSON.parse(first.out) as { files: { passfile: string }; url: string };
      const written = await readFile(files.passfile, 'utf8');
      expect((await lstat(files.passfile)).mode & 0o777).toBe(0o600);
      expect((await lstat(dirname(files.passfile))).mode & 0o777).toBe(0o700);
      expect(written).toContain('prod-db.internal\\:5432/?Action=connect&DBUser=app_ro');
      const signature = /X-Amz-Signature=([0-9a-f]{64})/u.exec(written)?.[1] ?? '';
      expect(signature).not.toBe('');
      expect(first.out + first.err).not.toContain(signature);
      expect(url).toContain('sslmode=verify-full');
      const leases = () => api.asked.filter((asked) => asked.path.endsWith('/leases')).length;
      const before = leases();
      await person.types('env', 'prod-rds');
      expect(leases()).toBe(before + 1);
    } finally {
      await open.close();
    }
  });
});

describe('ps', () => {
  it('tells the tunnels of this machine also while the control plane does not answer', async () => {
    api.refuse('GET /sessions', 503, 'DATABASE_UNAVAILABLE', 'unavailable', 'The database does not answer.');
    expect(await person.types('ps')).toMatchObject({ code: 10 });
    const open = await announcedTunnel(person.world());
    try {
      const { code, out, err } = await person.types('ps', '--json');
      expect(code).toBe(0);
      expect((JSON.parse(out) as { items: object[] }).items).toMatchObject([
        { name: 'prod-rds', state: 'open' },
      ]);
      expect(err).toContain('only those of this machine are listed');
    } finally {
      await open.close();
    }
  });
});

describe('creds', () => {
  it('answers as a credential_process does, valid as long as the lease', async () => {
    const { code, out } = await person.types('creds', 'prod-rds');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      Version: 1,
      AccessKeyId: aLease().credentials.accessKeyId,
      SecretAccessKey: aLease().credentials.secretAccessKey,
      SessionToken: aLease().credentials.sessionToken,
      Expiration: aLease().usefulUntil,
    });
  });

  it('without a grant exits 6 and says how to ask', async () => {
    api.on('GET /grants', { body: { items: [] } });
    const { code, err } = await person.types('creds', 'prod-rds');
    expect(code).toBe(6);
    expect(err).toContain('tunnel request prod-rds (GRANT_NOT_HELD)');
  });

  it('describes the profile without asking for a lease', async () => {
    const { out } = await person.types('creds', 'prod-rds', '--print-config');
    expect(out).toMatch(
      /^\[profile prod-rds\]\ncredential_process = .* creds prod-rds\nregion = eu-west-1\n$/u,
    );
    expect(api.asked.some((asked) => asked.path.endsWith('/leases'))).toBe(false);
  });

  it('makes a cluster token that names the cluster, and refuses for what is none', async () => {
    expect(await person.types('creds', 'prod-rds', '--kubernetes')).toMatchObject({ code: 2 });
    api.on('GET /resources/prod-rds', { body: aResource({ cluster: { name: 'prod', serverName: 'x' } }) });
    const { out } = await person.types('creds', 'prod-rds', '--kubernetes');
    const { kind, status } = JSON.parse(out) as { kind: string; status: { token: string } };
    const url = new URL(Buffer.from(status.token.replace('k8s-aws-v1.', ''), 'base64url').toString());
    expect(kind).toBe('ExecCredential');
    expect(url.host).toBe('sts.eu-west-1.amazonaws.com');
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-k8s-aws-id');
  });
});
