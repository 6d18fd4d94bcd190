import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Problem } from '@sallyport/problems';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { documentsOf, parseCatalog, readCatalog, renderSessionDocument, type Sha256Hex } from './index.ts';

const sha256: Sha256Hex = (text) => createHash('sha256').update(text).digest('hex');
const text = readFileSync(new URL('../../../config/catalog.yaml', import.meta.url), 'utf8');

/** The committed catalogue as an object that a test may spoil. */
function aForm(spoil: (form: any) => void = () => undefined): unknown {
  const form = parse(text);
  spoil(form);
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
  it('offers the five resources with their gateway and account', () => {
    const catalog = readCatalog(text, parse);
    expect(catalog.resources.map(({ name, kind, connectable }) => [name, kind, connectable])).toEqual([
      ['prod-rds', 'database', true],
      ['prod-web', 'port', true],
      ['web-1', 'ssh', false],
      ['prod-vpc', 'subnet', false],
      ['staging-rds', 'database', true],
    ]);
    expect(catalog.resources[0]).toMatchObject({
      host: 'prod-db.internal',
      port: 5432,
      database: { name: 'shop', role: 'app_ro' },
      region: 'eu-west-1',
      account: {
        id: '111122223333',
        roles: { connect: { arn: 'arn:aws:iam::111122223333:role/jit/JitConnect' } },
      },
      gateway: { team: 'platform', selector: { ServerType: 'bastion', AccessGranted: 'true' } },
      notConnectable: null,
    });
    expect(catalog.resources[2]?.notConnectable?.code).toBe('RESOURCE_NOT_CONNECTABLE');
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
      'staging-db.internal:5432@eu-west-1',
    ]);
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
    const form = aForm((it) => it.resources.push({ ...it.resources[0], name: 'prod-rds-2' }));
    expect(documentsOf(parseCatalog(form), sha256)).toHaveLength(3);
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

  it.each<[string, (form: any) => void, string]>([
    ['an unknown field', (form) => (form.resources[0].hots = 'x'), 'resources[0]'],
    ['a port that does not exist', (form) => (form.resources[0].port = 65_536), 'resources[0].port'],
    ['a port written as text', (form) => (form.resources[0].port = '5432'), 'resources[0].port'],
    ['an unquoted account id', (form) => (form.accounts[0].id = 111122223333), 'accounts[0].id'],
    [
      'a wildcard in a selector',
      (form) => (form.gateways[0].selector.ServerType = '*'),
      'gateways[0].selector.ServerType',
    ],
    [
      'a policy variable in a tag',
      (form) => (form.accounts[0].enrolment.x = '${aws:userid}'),
      'accounts[0].enrolment.x',
    ],
    [
      'an unquoted tag value',
      (form) => (form.gateways[0].selector.AccessGranted = true),
      'gateways[0].selector.AccessGranted',
    ],
    ['an agent parameter as host', (form) => (form.resources[0].host = '{{ssm:x}}'), 'resources[0].host'],
    ['an octal host', (form) => (form.resources[0].host = '0177.0.0.1'), 'resources[0].host'],
    ['a host as one number', (form) => (form.resources[0].host = '2130706433'), 'resources[0].host'],
    ['a short loopback form', (form) => (form.resources[0].host = '127.1'), 'resources[0].host'],
    ['a network with host bits', (form) => (form.resources[3].cidr = '10.0.0.1/16'), 'resources[3].cidr'],
    [
      'a resource closed without reason',
      (form) => (form.resources[0].connectable = false),
      'resources[0].reason',
    ],
    ['a reason beside an open resource', (form) => (form.resources[0].reason = 'x'), 'resources[0].reason'],
    [
      'a kind that cannot be opened yet',
      (form) => (form.resources[2].connectable = true),
      'resources[2].connectable',
    ],
    [
      'braces in a description',
      (form) => (form.resources[0].description = '{{ x }}'),
      'resources[0].description',
    ],
    [
      'enrolment without jit-managed',
      (form) => delete form.accounts[0].enrolment['jit-managed'],
      'accounts[0].enrolment',
    ],
  ])('refuses %s and names the field', (_, spoil, field) => {
    const refusal = refusalOf(() => parseCatalog(aForm(spoil)));
    expect(refusal.code).toBe('CATALOG_INVALID');
    expect(fields(refusal)).toEqual([field]);
  });

  it.each([null, undefined, 7, 'x', [], {}])('refuses %j as a whole', (value) => {
    expect(refusalOf(() => parseCatalog(value)).code).toBe('CATALOG_INVALID');
  });

  it('refuses a name used twice', () => {
    const refusal = refusalOf(() => parseCatalog(aForm((form) => (form.resources[1].name = 'prod-rds'))));
    expect(refusal.code).toBe('CATALOG_NAME_TAKEN');
    expect(fields(refusal)).toEqual(['resources[1].name']);
  });

  it.each<[string, (form: any) => void, string]>([
    ['an account', (form) => (form.gateways[0].account = 'other'), 'gateways[0].account'],
    ['a region', (form) => (form.gateways[0].region = 'us-east-1'), 'gateways[0].region'],
    ['a gateway', (form) => (form.resources[4].gateway = 'other'), 'resources[4].gateway'],
    ['a team', (form) => (form.resources[0].team = 'other'), 'resources[0].team'],
  ])('refuses %s that nothing defines', (_, spoil, field) => {
    const refusal = refusalOf(() => parseCatalog(aForm(spoil)));
    expect(refusal.code).toBe('CATALOG_REFERENCE_UNKNOWN');
    expect(fields(refusal)).toEqual([field]);
  });

  it.each(['jit-managed', 'AccessGranted', 'jit-team'])('refuses a gateway selector without %s', (tag) => {
    const refusal = refusalOf(() => parseCatalog(aForm((form) => delete form.gateways[0].selector[tag])));
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
    const refusal = refusalOf(() => parseCatalog(aForm((form) => (form.resources[0].host = host))));
    expect(refusal.code).toBe('CATALOG_HOST_FORBIDDEN');
    expect(fields(refusal)).toEqual(['resources[0].host']);
  });
});
