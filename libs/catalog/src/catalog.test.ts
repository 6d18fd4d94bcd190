import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Problem } from '@sallyport/problems';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { documentsOf, parseCatalog, readCatalog, renderSessionDocument, type Sha256Hex } from './index.ts';

const sha256: Sha256Hex = (text) => createHash('sha256').update(text).digest('hex');
const text = readFileSync(new URL('../../../config/catalog.yaml', import.meta.url), 'utf8');

/** Where a test spoils the catalogue, such as `resources[0].port`, and what it puts there; undefined takes it away. */
type Spoil = readonly [path: string, value: unknown];

/** The committed catalogue as an object, spoilt. */
function aForm(...spoils: readonly Spoil[]): unknown {
  const form: unknown = parse(text);
  for (const [path, value] of spoils) {
    const steps = path.match(/[\w-]+/g) ?? [];
    const last = steps.pop() ?? '';
    let at = form as Record<string, unknown>;
    for (const step of steps) at = at[step] as Record<string, unknown>;
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return form;
}

/** The problem of a refusal; fails when nothing is refused. */
function refusalOf(action: () => unknown): Problem {
  try {
    action();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const fields = (problem: Problem) => problem.occurrence.errors?.map((error) => error.field);

describe('the committed catalogue', () => {
  it('offers the seven resources with their gateway and account', () => {
    const catalog = readCatalog(text, parse);
    expect(catalog.resources.map(({ name, kind, connectable }) => [name, kind, connectable])).toEqual([
      ['prod-rds', 'database', true],
      ['prod-web', 'port', true],
      ['web-1', 'ssh', true],
      ['prod-vpc', 'subnet', true],
      ['staging-rds', 'database', true],
      ['web-1-shell', 'shell', true],
      ['audited-shell', 'shell', true],
    ]);
    expect(catalog.resources[0]).toMatchObject({
      host: 'prod-db.internal',
      port: 5432,
      tls: null,
      database: { name: 'shop', role: 'app_ro', auth: 'none', rdsResourceId: null },
      cluster: null,
      region: 'eu-west-1',
      account: {
        id: '111122223333',
        roles: { connect: { arn: 'arn:aws:iam::111122223333:role/jit/JitConnect' } },
      },
      gateway: { team: 'platform', selector: { ServerType: 'bastion', AccessGranted: 'true' } },
      notConnectable: null,
    });
    expect(catalog.resources[2]).toMatchObject({
      host: null,
      port: 22,
      protocol: 'ssh',
      ssh: { user: 'web-ops', port: 22, instanceConnect: true, hostKeys: [] },
      shell: null,
    });
    expect(catalog.hub.roles.issuer).toEqual({
      path: '/jit/',
      name: 'JitHub',
      arn: 'arn:aws:iam::999988887777:role/jit/JitHub',
    });
  });

  it('needs one document per reachable destination', () => {
    const documents = documentsOf(readCatalog(text, parse), sha256);
    expect(documents.map(({ host, port, region }) => `${host}:${port}@${region}`)).toEqual([
      'prod-db.internal:5432@eu-west-1',
      '10.0.2.60:8080@eu-west-1',
      'null:22@eu-west-1',
      'null:7443@eu-west-1',
      'staging-db.internal:5432@eu-west-1',
      'null:null@eu-west-1',
      'null:null@eu-west-1',
      'null:null@eu-west-1',
      'null:null@eu-west-1',
      'null:null@eu-west-1',
      'null:null@eu-west-1',
    ]);
  });
});

/** A resource of the committed catalogue made into another kind of thing. */
function aResource(over: Record<string, unknown>): unknown {
  const form = parse(text) as { resources: Record<string, unknown>[] };
  const written = { ...form.resources[0], ...over };
  form.resources[0] = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
  return form;
}
const read = (over: Record<string, unknown>) => parseCatalog(aResource(over)).resources[0];

describe('a resource', () => {
  const ca = '-----BEGIN CERTIFICATE-----\nMIIB+/=\n-----END CERTIFICATE-----\n';
  const iam = { name: 'shop', role: 'jit_readonly', auth: 'iam', rdsResourceId: 'db-ABCDEFGHIJKL' };

  it('may be a database that people sign in to by IAM, over TLS with its own name', () => {
    const serverName = 'shop.abc123.eu-west-1.rds.amazonaws.com';
    expect(read({ protocol: 'mysql', port: 3306, database: iam, tls: { serverName, ca } })).toMatchObject({
      kind: 'database',
      protocol: 'mysql',
      tls: { serverName, ca },
      database: iam,
    });
  });

  it('may be a Redis, with or without a user', () => {
    const redis = { protocol: 'redis', port: 6379, database: undefined };
    expect(read(redis)).toMatchObject({ protocol: 'redis', database: null });
    expect(read({ ...redis, database: { name: '0', role: 'app' } })).toMatchObject({
      database: { name: '0', role: 'app', auth: 'none', rdsResourceId: null },
    });
  });

  it('may be an EKS cluster, whose certificate is that of its own endpoint', () => {
    const serverName = '0123.gr7.eu-west-1.eks.amazonaws.com';
    const cluster = { name: 'orders', serverName };
    const eks = { kind: 'cluster', host: serverName, port: 443, database: undefined, protocol: undefined };
    expect(read({ ...eks, cluster })).toMatchObject({
      kind: 'cluster',
      protocol: 'kubernetes',
      tls: { serverName, ca: null },
      cluster: { ...cluster, ca: null },
    });
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['IAM sign-in without TLS', 'resources[0].tls', { database: iam }],
    [
      'IAM sign-in as a role of other people',
      'resources[0].database.role',
      { database: { ...iam, role: 'postgres' } },
    ],
    ['IAM sign-in as everybody', 'resources[0].database.role', { database: { ...iam, role: 'jit_*' } }],
    [
      'IAM sign-in to every database',
      'resources[0].database.rdsResourceId',
      { database: { ...iam, rdsResourceId: '*' } },
    ],
    [
      'a certificate name that is an address',
      'resources[0].tls.serverName',
      { tls: { serverName: '10.0.0.1' } },
    ],
    [
      'a private key',
      'resources[0].tls.ca',
      { tls: { serverName: 'a.b', ca: ca.replaceAll('CERTIFICATE', 'PRIVATE KEY') } },
    ],
    ['a database without its name', 'resources[0].database', { database: undefined }],
    ['a resource id without IAM sign-in', 'resources[0].database', { database: { ...iam, auth: 'none' } }],
    [
      'a cluster without its name',
      'resources[0].cluster',
      { kind: 'cluster', database: undefined, protocol: undefined },
    ],
  ])('is refused for %s', (_, field, over) => {
    const refusal = refusalOf(() => read(over));
    expect(refusal.code).toBe('CATALOG_INVALID');
    expect(fields(refusal)).toContain(field);
  });
});

describe('a Session document', () => {
  it('holds host and port as literals and has no parameters', () => {
    const document = renderSessionDocument({ host: 'prod-db.internal', port: 5432 }, sha256);
    expect(JSON.parse(document.content)).toEqual({
      schemaVersion: '1.0',
      description: 'Port forwarding to prod-db.internal:5432 and nowhere else',
      sessionType: 'Port',
      properties: { type: 'LocalPortForwarding', host: 'prod-db.internal', portNumber: '5432' },
    });
    expect(document.content).not.toContain('{{');
    // printf 'prod-db.internal\0005432' | sha256sum
    expect(document.name).toBe('jit-fwd-bc4e4cb1');
    expect(document.sha256).toBe(sha256(document.content));
  });

  it('is shared by resources at one destination', () => {
    const twin = readCatalog(text, parse).resources[0];
    const form = aForm(['resources[1].host', twin?.host], ['resources[1].port', twin?.port]);
    const leading = documentsOf(parseCatalog(form), sha256).filter(({ host }) => host !== null);
    expect(leading.map(({ host }) => host)).toEqual(['prod-db.internal', 'staging-db.internal']);
  });

  it('is refused when its short name stands for two destinations', () => {
    const clash: Sha256Hex = (input) => (input.includes('\0') ? 'a'.repeat(64) : sha256(input));
    const refusal = refusalOf(() => documentsOf(parseCatalog(aForm()), clash));
    expect(refusal.code).toBe('CATALOG_DOCUMENT_CLASH');
  });
});

describe('reading a catalogue', () => {
  it('names the line of malformed YAML', () => {
    const refusal = refusalOf(() => readCatalog('version: 1\nhub: {', parse));
    expect(refusal.code).toBe('CATALOG_YAML_MALFORMED');
    expect(refusal.detail).toMatch(/line 2/);
  });

  it.each<[string, ...Spoil]>([
    ['a port that does not exist', 'resources[0].port', 65_536],
    ['a port written as text', 'resources[0].port', '5432'],
    ['an unquoted account id', 'accounts[0].id', 111122223333],
    ['a wildcard in a selector', 'gateways[0].selector.ServerType', '*'],
    ['a policy variable in a tag', 'accounts[0].enrolment.x', '${aws:userid}'],
    ['an unquoted tag value', 'gateways[0].selector.AccessGranted', true],
    ['an agent parameter as host', 'resources[0].host', '{{ssm:x}}'],
    ['an octal host', 'resources[0].host', '0177.0.0.1'],
    ['a host as one number', 'resources[0].host', '2130706433'],
    ['a short loopback form', 'resources[0].host', '127.1'],
    ['a network with host bits', 'resources[3].cidr', '10.0.0.1/16'],
    ['a reason beside an open host', 'resources[2].reason', 'x'],
    ['a reason beside an open resource', 'resources[0].reason', 'x'],
    ['braces in a description', 'resources[0].description', '{{ x }}'],
    ['a missing title', 'resources[0].title', undefined],
  ])('refuses %s and names the field', (_, path, value) => {
    const refusal = refusalOf(() => parseCatalog(aForm([path, value])));
    expect(refusal.code).toBe('CATALOG_INVALID');
    expect(fields(refusal)).toEqual([path]);
  });

  it.each<[string, string, ...Spoil]>([
    ['an unknown field', 'resources[0]', 'resources[0].hots', 'x'],
    ['a resource closed without reason', 'resources[0].reason', 'resources[0].connectable', false],
    [
      'enrolment without jit-managed',
      'accounts[0].enrolment',
      'accounts[0].enrolment.jit-managed',
      undefined,
    ],
  ])('refuses %s and names %s', (_, field, path, value) => {
    const refusal = refusalOf(() => parseCatalog(aForm([path, value])));
    expect(refusal.code).toBe('CATALOG_INVALID');
    expect(fields(refusal)).toEqual([field]);
  });

  it.each([null, undefined, 7, 'x', [], {}])('refuses %j as a whole', (value) => {
    expect(refusalOf(() => parseCatalog(value)).code).toBe('CATALOG_INVALID');
  });

  it('refuses a name used twice', () => {
    const refusal = refusalOf(() => parseCatalog(aForm(['resources[1].name', 'prod-rds'])));
    expect(refusal.code).toBe('CATALOG_NAME_TAKEN');
    expect(fields(refusal)).toEqual(['resources[1].name']);
  });

  it.each<Spoil>([
    ['gateways[0].account', 'other'],
    ['gateways[0].region', 'us-east-1'],
    ['resources[4].gateway', 'other'],
    ['resources[0].team', 'other'],
  ])('refuses %s that nothing defines', (path, value) => {
    const refusal = refusalOf(() => parseCatalog(aForm([path, value])));
    expect(refusal.code).toBe('CATALOG_REFERENCE_UNKNOWN');
    expect(fields(refusal)).toEqual([path]);
  });

  it.each(['jit-managed', 'AccessGranted', 'jit-team'])('refuses a gateway selector without %s', (tag) => {
    const refusal = refusalOf(() => parseCatalog(aForm([`gateways[0].selector.${tag}`, undefined])));
    expect(refusal.code).toBe('CATALOG_GATEWAY_NOT_ENROLLED');
  });

  it.each([
    '127.0.0.1',
    '127.200.1.1',
    'localhost',
    'LOCALHOST',
    'db.localhost',
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    'instance-data',
  ])('refuses %s as a destination', (host) => {
    const refusal = refusalOf(() => parseCatalog(aForm(['resources[0].host', host])));
    expect(refusal.code).toBe('CATALOG_HOST_FORBIDDEN');
    expect(fields(refusal)).toEqual(['resources[0].host']);
  });
});

describe('a subnet', () => {
  const vpc = 'resources[3]';
  const networkOf = (...spoils: readonly Spoil[]) => parseCatalog(aForm(...spoils)).resources[3]?.network;
  const refused = (...spoils: readonly Spoil[]) => refusalOf(() => parseCatalog(aForm(...spoils)));

  it('reaches its networks by protocol and port, through the agent', () => {
    expect(networkOf()).toMatchObject({
      way: 'agent',
      everything: false,
      carries: ['tcp', 'udp', 'icmp'],
      suffixes: ['internal'],
      resolver: '10.0.0.2',
    });
    const cidrs = ['10.1.0.0/24', 'fd00:1::/64'];
    const ports = ['tcp:443', 'tcp:8000-8010', 'tcp:8011', 'icmp'];
    expect(
      networkOf([`${vpc}.cidr`, undefined], [`${vpc}.cidrs`, cidrs], [`${vpc}.ports`, ports])?.routes,
    ).toEqual(
      cidrs.flatMap((cidr) => [
        {
          cidr,
          ports: [
            [443, 443],
            [8000, 8011],
          ],
          proto: 'tcp',
        },
        { cidr, ports: [], proto: 'icmp' },
      ]),
    );
  });

  it.each<[string, readonly Spoil[], string]>([
    ['wider than /20 unless it says so', [[`${vpc}.widest`, undefined]], 'cidr'],
    ['wider than it says', [[`${vpc}.cidr`, '10.0.0.0/15']], 'cidr'],
    ['wider than anything may be', [[`${vpc}.widest`, 7]], 'widest'],
    ['with host bits', [[`${vpc}.cidr`, '10.0.0.1/16']], 'cidr'],
    ['that is no network', [[`${vpc}.cidr`, '10.0.0.0']], 'cidr'],
    ['of IPv6 wider than /64', [[`${vpc}.cidr`, 'fd00:1::/56']], 'cidr'],
    ['with a port that is none', [[`${vpc}.ports`, ['tcp:0']]], 'ports[0]'],
    ['with ports downwards', [[`${vpc}.ports`, ['tcp:9-1']]], 'ports[0]'],
    ['with a protocol nobody carries', [[`${vpc}.ports`, ['sctp:1']]], 'ports[0]'],
    ['without ports', [[`${vpc}.ports`, undefined]], 'ports'],
    ['without a way', [[`${vpc}.way`, undefined]], 'way'],
    ['with both cidr and cidrs', [[`${vpc}.cidrs`, ['10.1.0.0/24']]], 'cidr'],
    ['with a public suffix', [[`${vpc}.suffixes`, ['com']]], 'suffixes'],
    ['with a suffix under which the public registers', [[`${vpc}.suffixes`, ['co.uk']]], 'suffixes'],
    ['with a zone of AWS', [[`${vpc}.suffixes`, ['eu-west-1.amazonaws.com']]], 'suffixes'],
    ['that is not to move at all', [[`${vpc}.mbitPerSecond`, 0]], 'mbitPerSecond'],
    ['with a resolver that is a name', [[`${vpc}.resolver`, 'dns.internal']], 'resolver'],
    ['of datagrams through sshd', [[`${vpc}.way`, 'ssh']], 'ports'],
    ['for root through sshd', [[`${vpc}.sshUser`, 'root']], 'sshUser'],
    [
      'of more addresses than PermitOpen lists',
      [
        [`${vpc}.way`, 'ssh'],
        [`${vpc}.ports`, ['tcp:443']],
        [`${vpc}.permitOpen`, true],
      ],
      'permitOpen',
    ],
  ])('%s is refused', (_, spoils, field) => {
    const problem = refused(...spoils);
    expect(problem.code).toBe('CATALOG_INVALID');
    expect(fields(problem)).toContain(`${vpc}.${field}`);
  });

  it.each([
    '169.254.0.0/24',
    '127.0.0.0/24',
    '224.0.0.0/20',
    '100.100.100.200/32',
    'fe80::/64',
    'fd00:ec2::/64',
    '2002:a00::/64',
    '64:ff9b::/96',
  ])('of %s is refused', (cidr) => {
    expect(refused([`${vpc}.cidr`, cidr]).code).toBe('CATALOG_HOST_FORBIDDEN');
  });

  it('is as fast as it goes, unless it says otherwise', () => {
    expect(networkOf()?.maxBps).toBe(null);
    expect(networkOf([`${vpc}.mbitPerSecond`, 20])?.maxBps).toBe(20_000_000);
  });

  it('through sshd reaches everything behind its gateway, unless PermitOpen holds it', () => {
    const ssh: Spoil[] = [
      [`${vpc}.way`, 'ssh'],
      [`${vpc}.cidr`, '10.0.2.0/24'],
      [`${vpc}.ports`, ['tcp:443', 'tcp:8080']],
    ];
    expect(networkOf(...ssh)).toMatchObject({ everything: true, sshUser: 'jit-forward' });
    expect(networkOf(...ssh, [`${vpc}.permitOpen`, true])).toMatchObject({ everything: false });
    const catalog = parseCatalog(aForm(...ssh));
    expect(catalog.accounts[0]?.instanceConnect).toBe(true);
    expect(documentsOf(catalog, sha256).map(({ name }) => name)).toContain('jit-forward-22');
  });
});

describe('what people are told of a shell is what is done', () => {
  const { resources } = aForm() as { resources: { kind: string }[] };
  const at = resources.findIndex(({ kind }) => kind === 'shell');
  const told = (recording: object, more: [string, unknown][] = []) =>
    aForm(
      [`resources[${at}].recording`, { statement: 'What is shown.', ...recording }],
      ...more.map(([field, value]): [string, unknown] => [`resources[${at}].${field}`, value]),
    );

  it.each<[string, object, [string, unknown][]]>([
    ['is logged and says that it is not', { recorded: false }, []],
    ['is logged elsewhere than it says', { recorded: true, where: 'CloudWatch log group /other' }, []],
    ['is logged and does not say where', { recorded: true }, []],
    ['is not kept at all and says that it is', { recorded: true, where: 'somewhere' }, [['logs', 'none']]],
    [
      'is logged to another bucket than it says',
      { recorded: true, where: 'S3 bucket more' },
      [['logs', { s3: { bucket: 'jit-logs', prefix: '' } }]],
    ],
  ])('refused where it %s', (_, recording, more) => {
    expect(refusalOf(() => parseCatalog(told(recording, more)))).toMatchObject({
      code: 'CATALOG_INVALID',
      detail: expect.stringMatching(new RegExp(`^resources\\[${at}\\]\\.recording: `)) as string,
    });
  });

  it('taken where both agree', () => {
    parseCatalog(told({ recorded: true, where: 'CloudWatch log group /jit/shell' }));
    parseCatalog(told({ recorded: false }, [['logs', 'none']]));
  });
});

it('renders the roles of the partition that the regions lie in, and refuses two at once', () => {
  const china = aForm(
    ['accounts[0].regions', ['cn-north-1']],
    ['hub.signing.region', 'cn-north-1'],
    [
      'accounts[0].sessionKey',
      `arn:aws-cn:kms:cn-north-1:111122223333:key/${'1'.repeat(8)}-1111-1111-1111-${'1'.repeat(12)}`,
    ],
    ['gateways[0].region', 'cn-north-1'],
    ['gateways[1].region', 'cn-north-1'],
  );
  const { accounts, hub } = parseCatalog(china);
  expect([hub.partition, accounts[0]?.partition]).toEqual(['aws-cn', 'aws-cn']);
  expect(accounts[0]?.roles.connect.arn).toBe('arn:aws-cn:iam::111122223333:role/jit/JitConnect');
  expect(hub.roles.issuer.arn).toBe('arn:aws-cn:iam::999988887777:role/jit/JitHub');
  expect(hub.signing?.keys).toEqual([
    {
      name: 'first',
      alias: 'alias/sallyport-signing-first',
      aliasArn: 'arn:aws-cn:kms:cn-north-1:999988887777:alias/sallyport-signing-first',
    },
  ]);
  const mixed = aForm(['accounts[0].regions', ['eu-west-1', 'us-gov-west-1']]);
  expect(refusalOf(() => parseCatalog(mixed)).detail).toContain(
    'us-gov-west-1 lies in the partition aws-us-gov',
  );
});

describe("the auditors' key of an account", () => {
  const key = 'age1pccyd64ywgy0e9f5fmn29d5krlrgq9ejtg9m4hv3y0359t06xvzq68tz9c';

  it('is a public key of age, and a slip in it is found', () => {
    const kept = parseCatalog(aForm(['accounts[0].auditorsKey', key]));
    expect(kept.accounts[0]?.auditorsKey).toBe(key);
    for (const wrong of [key.replace('pcc', 'pcd'), key.slice(0, -1), 'A'.repeat(43), 'AGE-SECRET-KEY-1QQ'])
      expect(fields(refusalOf(() => parseCatalog(aForm(['accounts[0].auditorsKey', wrong]))))).toEqual([
        'accounts[0].auditorsKey',
      ]);
  });
});
