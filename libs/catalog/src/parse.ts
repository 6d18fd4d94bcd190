import { partitionOf } from '@sallyport/iam-policy';
import { Problem, type FieldError, type ProblemCode } from '@sallyport/problems';
import type {
  Account,
  Catalog,
  Database,
  Gateway,
  Hub,
  RecordingBucket,
  Resource,
  RoleRef,
  Signing,
  Tls,
} from './catalog.ts';
import { teamTag } from './catalog.ts';
import { catalogForm, type CatalogForm, type ResourceForm } from './form.ts';
import { forbiddenBecause } from './host.ts';
import { accountsOf } from './os-users/accounts-form.ts';
import { shellOf, sshOf } from './session-form.ts';
import { firstCidr, networkOf, subnetForbidden } from './subnet-form.ts';

/**
 * Reads a catalogue from its text. The YAML reader is handed in, since this library runs anywhere.
 * Throws Problem CATALOG_YAML_MALFORMED, and what `parseCatalog` throws.
 */
export function readCatalog(text: string, parseYaml: (text: string) => unknown): Catalog {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (cause) {
    const line = lineOf(cause);
    throw new Problem('CATALOG_YAML_MALFORMED', {
      detail: line === undefined ? undefined : `The catalogue is not well-formed YAML at line ${line}.`,
      cause,
    });
  }
  return parseCatalog(value);
}

/**
 * Checks the object form of a catalogue and resolves its references.
 * Throws Problem CATALOG_INVALID, CATALOG_NAME_TAKEN, CATALOG_REFERENCE_UNKNOWN, CATALOG_GATEWAY_NOT_ENROLLED or
 * CATALOG_HOST_FORBIDDEN, each with every field concerned.
 */
export function parseCatalog(value: unknown): Catalog {
  const form = checkForm(value);
  refuseTakenNames(form);
  refuseMixedPartitions(form);
  const accounts = form.accounts.map((entry) => accountOf(entry, form));
  const gateways = resolveGateways(form, accounts);
  const resources = resolveResources(form, gateways);
  return { hub: hubOf(form), accounts, gateways, resources };
}

function checkForm(value: unknown): CatalogForm {
  const result = catalogForm.safeParse(value);
  if (result.success) return result.data;
  refuseIfAny(
    'CATALOG_INVALID',
    result.error.issues.map((issue) => ({ field: fieldPath(issue.path), message: issue.message })),
  );
  throw new Problem('CATALOG_INVALID');
}

function refuseTakenNames(form: CatalogForm): void {
  const errors = [
    ...taken(
      'accounts',
      'name',
      form.accounts.map((entry) => entry.name),
    ),
    ...taken(
      'accounts',
      'id',
      form.accounts.map((entry) => entry.id),
    ),
    ...taken(
      'gateways',
      'name',
      form.gateways.map((entry) => entry.name),
    ),
    ...taken(
      'resources',
      'name',
      form.resources.map((entry) => entry.name),
    ),
  ];
  refuseIfAny('CATALOG_NAME_TAKEN', errors);
}

/** Roles are taken on within a partition only, so hub and spokes lie in one. */
function refuseMixedPartitions(form: CatalogForm): void {
  const home = homePartition(form);
  const errors = form.accounts.flatMap(({ regions }, index) =>
    regions
      .filter((region) => partitionOf(region) !== home)
      .map((region) => ({
        field: `accounts[${index}].regions`,
        message: `${region} lies in the partition ${partitionOf(region)}, the first region in ${home}`,
      })),
  );
  for (const part of ['signing', 'recordings'] as const) {
    const region = form.hub[part]?.region;
    if (region !== undefined && partitionOf(region) !== home)
      errors.push({
        field: `hub.${part}.region`,
        message: `${region} lies in the partition ${partitionOf(region)}, the first region in ${home}`,
      });
  }
  refuseIfAny('CATALOG_INVALID', errors);
}

const homePartition = ({ accounts }: CatalogForm) => partitionOf(accounts[0]?.regions[0] ?? '');

function resolveGateways(form: CatalogForm, accounts: readonly Account[]): Gateway[] {
  const unknown: FieldError[] = [];
  const open: FieldError[] = [];
  const gateways = form.gateways.flatMap((entry, index): Gateway[] => {
    const field = `gateways[${index}]`;
    const account = accounts.find((candidate) => candidate.name === entry.account);
    if (account === undefined) {
      unknown.push({ field: `${field}.account`, message: `there is no account ${entry.account}` });
      return [];
    }
    if (!account.regions.includes(entry.region)) {
      unknown.push({ field: `${field}.region`, message: `${account.name} does not list ${entry.region}` });
    }
    for (const [key, tag] of Object.entries(account.enrolmentTags)) {
      if (entry.selector[key] !== tag) {
        open.push({ field: `${field}.selector`, message: `lacks ${key}: '${tag}'` });
      }
    }
    const team = entry.selector[teamTag];
    if (team === undefined) open.push({ field: `${field}.selector`, message: `lacks ${teamTag}` });
    const { name, region, selector } = entry;
    const { nodes } = entry;
    const kind = { hybrid: nodes === 'hybrid', deployed: nodes === 'gateways' };
    const people = accountsOf(entry.accounts);
    if (people) unknown.push(...missingRoles(form, entry.account, field));
    return [{ name, account, region, selector, team: team ?? '', ...kind, accounts: people }];
  });
  refuseIfAny('CATALOG_REFERENCE_UNKNOWN', unknown);
  refuseIfAny('CATALOG_GATEWAY_NOT_ENROLLED', open);
  refuseIfAny('CATALOG_INVALID', sharedHosts(gateways));
  return gateways;
}

/** Two gateways whose accounts would be on one host would lock each other's people out. */
function sharedHosts(gateways: readonly Gateway[]): FieldError[] {
  const contradict = (a: Gateway, b: Gateway) =>
    Object.entries(a.selector).some(([key, tag]) => b.selector[key] !== undefined && b.selector[key] !== tag);
  return gateways.flatMap((gateway, index) => {
    const before = gateways
      .slice(0, index)
      .find(
        (other) =>
          other.accounts !== null &&
          other.account === gateway.account &&
          other.region === gateway.region &&
          !contradict(other, gateway),
      );
    if (gateway.accounts === null || before === undefined) return [];
    return [{ field: `gateways[${index}].accounts`, message: `may be on the hosts of ${before.name} too` }];
  });
}

/** Accounts of people are made by roles of their own. */
function missingRoles({ hub, accounts }: CatalogForm, account: string, field: string): FieldError[] {
  const spoke = accounts.find(({ name }) => name === account);
  const missing = [
    ...(hub.roles.provisioner === undefined ? ['hub.roles.provisioner'] : []),
    ...(spoke?.roles.provision === undefined ? [`roles.provision of ${account}`] : []),
  ];
  return missing.map((role) => ({ field: `${field}.accounts`, message: `needs ${role}` }));
}

function resolveResources(form: CatalogForm, gateways: readonly Gateway[]): Resource[] {
  const unknown: FieldError[] = [];
  const forbidden: FieldError[] = [];
  const resources = form.resources.flatMap((entry, index): Resource[] => {
    const field = `resources[${index}]`;
    const gateway = gateways.find((candidate) => candidate.name === entry.gateway);
    if (gateway === undefined) {
      unknown.push({ field: `${field}.gateway`, message: `there is no gateway ${entry.gateway}` });
      return [];
    }
    if (gateway.team !== entry.team) {
      const message = `the gateway ${gateway.name} belongs to ${gateway.team}`;
      unknown.push({ field: `${field}.team`, message });
    }
    for (const { field: at, message } of sessionIssues(entry, gateway))
      unknown.push({ field: `${field}.${at}`, message });
    const because = 'host' in entry && entry.host !== undefined ? forbiddenBecause(entry.host) : undefined;
    if (because !== undefined) forbidden.push({ field: `${field}.host`, message: because });
    if (entry.kind === 'subnet')
      for (const { field: at, message } of subnetForbidden(entry))
        forbidden.push({ field: `${field}.${at}`, message });
    return [resourceOf(entry, gateway)];
  });
  refuseIfAny('CATALOG_REFERENCE_UNKNOWN', unknown);
  refuseIfAny('CATALOG_HOST_FORBIDDEN', forbidden);
  return resources;
}

/** What a shell or an SSH host asks of its account and gateway. */
function sessionIssues(entry: ResourceForm, gateway: Gateway): { field: string; message: string }[] {
  const { account, region, hybrid } = gateway;
  if (entry.kind === 'ssh' && entry.instanceConnect === true && hybrid)
    return [{ field: 'instanceConnect', message: `is not known to nodes outside EC2 (${gateway.name})` }];
  if ('ownAccount' in entry && entry.ownAccount && gateway.accounts === null)
    return [{ field: 'ownAccount', message: `needs accounts on the gateway ${gateway.name}` }];
  if (entry.kind === 'subnet' && entry.way !== undefined && hybrid)
    return [{ field: 'gateway', message: 'is outside EC2; networks are reached through instances' }];
  if (entry.kind !== 'shell' || !entry.connectable) return [];
  const issues: { field: string; message: string }[] = [];
  if (entry.encryption === 'required' && keyRegion(account) !== region)
    issues.push({ field: 'encryption', message: `${account.name} has no sessionKey in ${region}` });
  if (entry.clientRecording === 'required' && account.auditorsKey === null)
    issues.push({ field: 'clientRecording', message: `${account.name} has no auditorsKey` });
  return issues;
}

const keyRegion = ({ sessionKeyArn }: Account) => sessionKeyArn?.split(':')[3];

function resourceOf(entry: ResourceForm, gateway: Gateway): Resource {
  const { name, kind, title, description, environment, team, tags, connectable, reason } = entry;
  return {
    name,
    kind,
    title,
    description,
    environment,
    team,
    tags,
    gateway,
    account: gateway.account,
    region: gateway.region,
    host: 'host' in entry ? (entry.host ?? null) : null,
    port: 'port' in entry ? entry.port : null,
    cidr: entry.kind === 'subnet' ? firstCidr(entry) : null,
    network: entry.kind === 'subnet' ? networkOf(entry) : null,
    ssh: entry.kind === 'ssh' ? sshOf(entry, gateway.hybrid) : null,
    shell: entry.kind === 'shell' ? shellOf(entry, gateway.account.sessionKeyArn ?? undefined) : null,
    protocol: entry.kind === 'ssh' ? 'ssh' : 'protocol' in entry ? (entry.protocol ?? null) : null,
    tls: tlsOf(entry),
    database: databaseOf(entry),
    cluster: entry.kind === 'cluster' ? { ...entry.cluster, ca: entry.cluster.ca ?? null } : null,
    connectable,
    notConnectable: reason === undefined ? null : { code: 'RESOURCE_NOT_CONNECTABLE', reason },
    recording: { ...entry.recording, where: entry.recording.where ?? null },
  };
}

function tlsOf(entry: ResourceForm): Tls | null {
  const written = entry.kind === 'cluster' ? entry.cluster : 'tls' in entry ? entry.tls : undefined;
  return written === undefined ? null : { serverName: written.serverName, ca: written.ca ?? null };
}

function databaseOf(entry: ResourceForm): Database | null {
  if (entry.kind !== 'database' || entry.database === undefined) return null;
  const { name, role, auth } = entry.database;
  return { name, role, auth, rdsResourceId: auth === 'iam' ? entry.database.rdsResourceId : null };
}

function hubOf(form: CatalogForm): Hub {
  const { hub } = form;
  const partition = homePartition(form);
  return {
    accountId: hub.account,
    partition,
    organisationId: hub.organisation ?? null,
    roles: {
      issuer: roleRef(partition, hub.account, hub.roles.issuer),
      revoker: roleRef(partition, hub.account, hub.roles.revoker),
      inventory: roleRef(partition, hub.account, hub.roles.inventory),
      provisioner: optionalRole(partition, hub.account, hub.roles.provisioner),
    },
    signing: signingOf(form, partition),
    recordings: recordingsOf(form, partition),
  };
}

function recordingsOf({ hub }: CatalogForm, partition: string): RecordingBucket | null {
  if (hub.recordings === undefined) return null;
  const { region, bucket, days, roles } = hub.recordings;
  return {
    ...{ region, bucket, days },
    arn: `arn:${partition}:s3:::${bucket}`,
    roles: {
      recorder: roleRef(partition, hub.account, roles.recorder),
      reader: roleRef(partition, hub.account, roles.reader),
    },
  };
}

function signingOf({ hub }: CatalogForm, partition: string): Signing | null {
  if (hub.signing === undefined) return null;
  const { role, region, keys } = hub.signing;
  return {
    role: roleRef(partition, hub.account, role),
    region,
    keys: keys.map((name) => {
      const alias = `alias/sallyport-signing-${name}`;
      return { name, alias, aliasArn: `arn:${partition}:kms:${region}:${hub.account}:${alias}` };
    }),
  };
}

function accountOf(entry: CatalogForm['accounts'][number], form: CatalogForm): Account {
  const gateways = form.gateways.filter(({ account }) => account === entry.name);
  const hybrid = gateways.filter(({ nodes }) => nodes === 'hybrid').map(({ name }) => name);
  const here = form.resources.filter(({ gateway }) => gateways.some(({ name }) => name === gateway));
  const partition = homePartition(form);
  return {
    id: entry.id,
    partition,
    name: entry.name,
    regions: entry.regions,
    externalId: entry.externalId,
    roles: {
      connect: roleRef(partition, entry.id, entry.roles.connect),
      revoke: roleRef(partition, entry.id, entry.roles.revoke),
      inventory: roleRef(partition, entry.id, entry.roles.inventory),
      provision: optionalRole(partition, entry.id, entry.roles.provision),
    },
    enrolmentTags: entry.enrolment,
    databaseSignIn: here.some((resource) => databaseOf(resource)?.auth === 'iam'),
    instanceConnect: here.some(
      (resource) =>
        (resource.kind === 'subnet' && networkOf(resource)?.way === 'ssh') ||
        (resource.kind === 'ssh' && sshOf(resource, hybrid.includes(resource.gateway))?.instanceConnect),
    ),
    hybridNodes: hybrid.length > 0,
    sessionKeyArn: entry.sessionKey ?? null,
    auditorsKey: entry.auditorsKey ?? null,
  };
}

const optionalRole = (partition: string, accountId: string, full: string | undefined): RoleRef | null =>
  full === undefined ? null : roleRef(partition, accountId, full);

/** Splits `/jit/JitConnect` of an account into path, name and ARN. */
function roleRef(partition: string, accountId: string, full: string): RoleRef {
  const cut = full.lastIndexOf('/') + 1;
  return {
    path: full.slice(0, cut),
    name: full.slice(cut),
    arn: `arn:${partition}:iam::${accountId}:role${full}`,
  };
}

function taken(list: string, member: string, values: readonly string[]): FieldError[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) < index
      ? [{ field: `${list}[${index}].${member}`, message: `${value} is used before` }]
      : [],
  );
}

function refuseIfAny(code: ProblemCode, errors: readonly FieldError[]): void {
  const [first, ...more] = errors;
  if (first === undefined) return;
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  throw new Problem(code, { detail: `${first.field}: ${first.message}${rest}`, errors });
}

/** `resources[0].database.name`, or `catalogue` for the whole. */
function fieldPath(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>(
    (before, part) =>
      before + (typeof part === 'number' ? `[${part}]` : `${before ? '.' : ''}${String(part)}`),
    '',
  );
  return text === '' ? 'catalogue' : text;
}

/** The line a YAML reader complains about, from the `linePos` that the yaml package gives. */
function lineOf(cause: unknown): number | undefined {
  const line = (cause as { linePos?: readonly { line?: unknown }[] } | null)?.linePos?.[0]?.line;
  return typeof line === 'number' ? line : undefined;
}
