import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readCatalog, type Catalog } from '@sallyport/catalog';
import type { PolicyDocument } from '@sallyport/iam-policy';
import { Problem } from '@sallyport/problems';
import { parse } from 'yaml';
import { uniqueId } from '../principals/unique-id.ts';
import { rolesOf, type Role, type User } from './principals-of-catalog.ts';
import { addressIn } from './address-in.ts';
import { commandDocuments, type CommandDocument } from './command-documents.ts';
import { DocumentShelf } from './session-documents.ts';
import { worldForm, type BackingForm, type WorldForm } from './world-form.ts';

/** An emulated instance. Tags and presence change by the control endpoints. */
export interface Instance {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly zone: string;
  readonly name: string;
  readonly address: string;
  /** Whether its agent lives in this process or attaches from another. */
  readonly agent: 'emulated' | 'attached';
  /** Where the companion agent listens on its loopback; undefined where there is none. */
  readonly companion?: { readonly port: number; readonly packets?: boolean } | undefined;
  /** An OpenSSH server of this machine listens at port 22 of its loopback. */
  readonly sshd?: boolean | undefined;
  /** Names of its OS accounts, beside root and ssm-user. */
  readonly users: readonly string[];
  /** The account that the agent makes for shells without Run As is there. */
  readonly agentUser: boolean;
  /** Its role may decrypt the data keys of sessions. */
  mayDecrypt: boolean;
  /** Its role may write what sessions showed to log groups and buckets. */
  mayLog: boolean;
  online: boolean;
  tags: Readonly<Record<string, string>>;
  /** What an attached agent said of itself. */
  report?: AgentReport;
}

/** What an agent reports by UpdateInstanceInformation. */
export interface AgentReport {
  readonly agentVersion?: string;
  readonly platformName?: string;
  readonly platformVersion?: string;
  readonly computerName?: string;
  readonly address?: string;
}

/** Something that listens in the private network. */
export interface Listener {
  readonly host: string;
  readonly address: string;
  readonly address6?: string | undefined;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** The one instance on whose loopback it listens; for host `localhost`. */
  readonly instance?: string | undefined;
  readonly backing: BackingForm;
}

/** A host without a listener. */
export interface SilentHost {
  readonly name: string;
  readonly address?: string | undefined;
  readonly address6?: string | undefined;
  /** IP protocols whose packets it sends back. */
  readonly mirrors?: readonly number[];
}

/** A log group of CloudWatch. */
export interface LogGroup {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** The KMS key that it is encrypted with. */
  readonly keyArn: string | undefined;
}

/** A bucket of S3. */
export interface Bucket {
  /** That owns it. */
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly encrypted: boolean;
  /** Object lock: no version can be removed before so many days are over; then the bucket's lifecycle removes it. */
  readonly lockDays: number | undefined;
}

/** A KMS key with the one alias that leads to it. */
export interface AliasedKey {
  readonly arn: string;
  readonly alias: string;
  readonly aliasArn: string;
}

/** A principal that holds a long-lived key of the sandbox. */
export interface KeyHolder {
  readonly name: string;
  readonly arn: string;
  readonly role?: Role;
  readonly user?: User;
}

/** How Session Manager is set in this world. */
export interface SessionManagerSettings {
  /** Amendment of the two documented behaviours: see the world file. */
  defaultDocumentCheck: 'always' | 'by-condition-key';
  readonly sessionIdForm: 'base32' | 'hex17';
  readonly idleMs: number;
  readonly longestMs: number | undefined;
}

/** Everything that exists in the emulated accounts. */
export interface World {
  readonly catalog: Catalog;
  /** By ARN. */
  readonly roles: ReadonlyMap<string, Role>;
  readonly keyHolders: readonly KeyHolder[];
  readonly instances: ReadonlyMap<string, Instance>;
  readonly documents: DocumentShelf;
  /** Documents of Run Command, by account, region and name. */
  readonly commandDocuments: ReadonlyMap<string, CommandDocument>;
  /** ARNs of its symmetric KMS keys. */
  readonly keys: readonly string[];
  /** Its KMS keys that sign by Ed25519. */
  readonly signingKeys: readonly AliasedKey[];
  readonly logGroups: readonly LogGroup[];
  /** By name. */
  readonly buckets: ReadonlyMap<string, Bucket>;
  readonly network: readonly Listener[];
  readonly hosts: readonly SilentHost[];
  readonly vpcCidrs: readonly string[];
  /** The resolver of each VPC range: its third address. */
  readonly resolvers: readonly string[];
  readonly sessionManager: SessionManagerSettings;
}

/** Reads a world file and its catalogue. Throws Problem SANDBOX_WORLD_INVALID, and what `readCatalog` throws. */
export async function readWorld(file: string): Promise<World> {
  const form = worldForm.safeParse(parse(await readFile(file, 'utf8')));
  if (!form.success) {
    const errors = form.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
    const [first] = errors;
    throw new Problem('SANDBOX_WORLD_INVALID', { detail: `${first?.field}: ${first?.message}`, errors });
  }
  const catalog = readCatalog(await readFile(resolve(dirname(file), form.data.catalog), 'utf8'), parse);
  return worldOf(form.data, catalog);
}

function worldOf(form: WorldForm, catalog: Catalog): World {
  const roles = rolesOf(catalog);
  const settings = form['session-manager'];
  const accountId = (name: string) => {
    const account = catalog.accounts.find((candidate) => candidate.name === name);
    if (account === undefined) throw unknown(`account ${name}`);
    return account.id;
  };
  const longest = settings['max-minutes'];
  return {
    catalog,
    roles: new Map([...roles.values()].map((role) => [role.arn, role])),
    keyHolders: form.principals.map((principal) => keyHolder(principal, roles, accountId)),
    instances: new Map(
      form.instances.map(
        ({
          account,
          tags,
          'may-decrypt': mayDecrypt,
          'may-log': mayLog,
          'ssm-user': agentUser,
          ...instance
        }) => [
          instance.id,
          {
            ...instance,
            mayDecrypt,
            mayLog,
            agentUser,
            account: accountId(account),
            online: instance.online && instance.agent === 'emulated',
            tags: { Name: instance.name, ...tags },
          },
        ],
      ),
    ),
    documents: new DocumentShelf(
      catalog,
      form.documents.map((document) => ({ ...document, account: accountId(document.account) })),
    ),
    commandDocuments: commandDocuments(catalog),
    keys: [...form.keys, ...catalog.accounts.flatMap(({ sessionKeyArn }) => sessionKeyArn ?? [])],
    signingKeys: signingKeysOf(catalog),
    logGroups: form['log-groups'].map(({ account, key, ...group }) => ({
      ...group,
      account: accountId(account),
      keyArn: key,
    })),
    buckets: new Map(
      [...form.buckets.map((bucket) => bucketOf(bucket, accountId)), ...recordingBucket(catalog)].map(
        (bucket) => [bucket.name, bucket],
      ),
    ),
    network: form.network.map((entry) => ({ ...entry, address: entry.address ?? entry.host })),
    hosts: form.hosts,
    vpcCidrs: form['vpc-cidrs'],
    resolvers: form['vpc-cidrs'].map((cidr) => addressIn(cidr, 2)),
    sessionManager: {
      defaultDocumentCheck: settings['default-document-check'],
      sessionIdForm: settings['session-id-form'],
      idleMs: settings['idle-minutes'] * 60_000,
      longestMs: longest === undefined ? undefined : longest * 60_000,
    },
  };
}

function bucketOf(
  { account, 'lock-days': lockDays, ...bucket }: WorldForm['buckets'][number],
  accountId: (name: string) => string,
): Bucket {
  return { ...bucket, account: accountId(account), lockDays };
}

/** The bucket that a deployment would make for recordings. */
function recordingBucket({ hub: { recordings, accountId } }: Catalog): Bucket[] {
  if (recordings === null) return [];
  const { region, bucket: name, days: lockDays } = recordings;
  return [{ account: accountId, region, name, encrypted: true, lockDays }];
}

/** The keys that a deployment would make: their ids are AWS's to choose, here they follow from the alias. */
function signingKeysOf({ hub: { signing, partition, accountId } }: Catalog): AliasedKey[] {
  return (signing?.keys ?? []).map(({ alias, aliasArn }) => {
    const hex = createHash('sha256').update(aliasArn).digest('hex');
    const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    return { alias, aliasArn, arn: `arn:${partition}:kms:${signing?.region ?? ''}:${accountId}:key/${id}` };
  });
}

function keyHolder(
  form: WorldForm['principals'][number],
  roles: ReadonlyMap<string, Role>,
  accountId: (name: string) => string,
): KeyHolder {
  if (form.user !== undefined) {
    const account = accountId(form.user.account);
    const arn = `arn:aws:iam::${account}:user/${form.user.name}`;
    const user = { arn, account, name: form.user.name, id: uniqueId('AIDA', arn) };
    // The evaluator reads policies as unknown text and refuses what it does not know, so the form is not checked here.
    return { name: form.name, arn, user: { ...user, policies: [form.policy as unknown as PolicyDocument] } };
  }
  const role = roles.get(form.role ?? '');
  if (role === undefined) throw unknown(`role ${form.role}`);
  return { name: form.name, arn: sessionArn(role, form.name), role };
}

/** ARN of a role session; the path of the role does not appear in it. */
export function sessionArn(role: Pick<Role, 'account' | 'name'>, sessionName: string): string {
  return `arn:aws:sts::${role.account}:assumed-role/${role.name}/${sessionName}`;
}

function unknown(what: string): Problem {
  return new Problem('SANDBOX_WORLD_INVALID', { detail: `There is no ${what}.` });
}
