import { z } from 'zod';
import { isHost } from './host.ts';
import { limits } from './limits.ts';
import { isRecipient } from './recipient.ts';
import { accountsForm } from './os-users/accounts-form.ts';
import { bucket, shellFields, shellIssues, sshFields, sshIssues } from './session-form.ts';
import { subnetFields, subnetIssues } from './subnet-form.ts';

/** The written form of a catalogue (YAML or JSON), strict: an unknown field is an error. */

const name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not a name like prod-rds');
const line = z
  .string()
  .min(1)
  .regex(/^[^\p{Cc}]*$/u, 'holds control characters')
  // The SSM Agent expands double braces in documents; nothing of ours ever needs them.
  .refine((text) => !text.includes('{{'), 'holds double braces');
const title = line.max(limits.titleCharactersMax);
const text = line.max(limits.textCharactersMax);
const accountId = z.string().regex(/^\d{12}$/, 'is not an account id of 12 digits (quote it)');
const region = z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'is not a region like eu-west-1');
const rolePath = z
  .string()
  .regex(/^(\/[\w+=,.@-]+){1,5}$/, 'is not a role path like /jit/JitConnect')
  .refine(
    (path) => (path.split('/').at(-1) ?? '').length <= 64,
    'has a role name of more than 64 characters',
  );
const tagKey = z
  .string()
  .regex(/^(?!aws:)[\w.:/=+@-]+$/, 'is not a tag key')
  .max(limits.tagKeyCharactersMax);
// IAM would read * ? and ${ in a condition value as patterns; selectors are compared for equality.
const tagValue = z
  .string()
  .regex(/^[\w .:/=+@-]+$/, 'is not a tag value (quote true and numbers)')
  .max(limits.tagValueCharactersMax);
const tags = z
  .record(tagKey, tagValue)
  .refine((map) => Object.keys(map).length <= limits.tagsMax, `has more than ${limits.tagsMax} tags`);

const hub = z.strictObject({
  account: accountId,
  organisation: z
    .string()
    .regex(/^o-[a-z0-9]{10,32}$/, 'is not an organisation id')
    .optional(),
  /** What signs the tokens of whole networks: its role, and its KMS keys in the order in which they come into use. */
  signing: z
    .strictObject({
      role: rolePath,
      region,
      keys: z
        .array(name)
        .min(1)
        .max(limits.signingKeysMax)
        .refine((names) => new Set(names).size === names.length, 'names a key twice'),
    })
    .optional(),
  /** Where recordings of clients lie on real AWS: a bucket that nothing can be removed from for `days`. */
  recordings: z
    .strictObject({
      region,
      bucket,
      days: z.int().min(1).max(limits.recordingDaysMax),
      roles: z.strictObject({ recorder: rolePath, reader: rolePath }),
    })
    .optional(),
  roles: z.strictObject({
    issuer: rolePath,
    revoker: rolePath,
    inventory: rolePath,
    provisioner: rolePath.optional(),
  }),
});

const account = z.strictObject({
  name,
  id: accountId,
  regions: z.array(region).min(1).max(40),
  externalId: z.string().regex(/^[\w+=,.@:/-]{2,1224}$/, 'is not an external id'),
  roles: z.strictObject({
    connect: rolePath,
    revoke: rolePath,
    inventory: rolePath,
    provision: rolePath.optional(),
  }),
  /** The KMS key that encrypts shells and commands, and the auditors' public key that client recordings are sealed to. */
  sessionKey: z
    .string()
    .regex(
      /^arn:aws(-[a-z]+){0,2}:kms:[a-z0-9-]+:\d{12}:key\/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/,
      'is not the ARN of a KMS key',
    )
    .optional(),
  auditorsKey: z
    .string()
    .refine(isRecipient, 'is not a public key of age (age1...), as `tunnel recording keygen` prints it')
    .optional(),
  enrolment: tags.refine((map) => map['jit-managed'] === 'true', "lacks jit-managed: 'true'"),
});

const gateway = z.strictObject({
  name,
  account: name,
  region,
  selector: tags,
  /** `gateways`: made by infra/; `hosts`: instances of yours; `hybrid`: machines outside EC2 (mi-...). */
  nodes: z.enum(['gateways', 'hosts', 'hybrid']).default('gateways'),
  /** OS accounts for the people of a group; needs the roles hub.provisioner and accounts[].provision. */
  accounts: accountsForm.optional(),
});

const recording = z.strictObject({
  recorded: z.boolean(),
  where: text.optional(),
  statement: text,
});

const described = {
  name,
  title,
  description: text,
  environment: name,
  team: name,
  tags: tags.default({}),
  gateway: name,
  recording,
};
const connectable = { connectable: z.boolean(), reason: text.optional() };
const port = z.int().min(1).max(65_535);
const host = z.string().refine(isHost, 'is neither a DNS name nor an IPv4 address');

const serverName = host.refine((name) => /[a-z]/i.test(name), 'is not the DNS name of a certificate');
const certificates = z
  .string()
  .max(limits.certificateCharactersMax)
  .regex(
    /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/,
    'is not a list of PEM certificates',
  );
const tls = z.strictObject({ serverName, ca: certificates.optional() });

const role = z.string().regex(/^[A-Za-z_]\w{0,62}$/, 'is not a database role');
const databaseName = z.string().regex(/^[A-Za-z_]\w{0,62}$/, 'is not a database name');
/** IAM signs people in to roles of their own kind alone: a token for the owner of a database cannot be asked for. */
const iamRole = role.regex(
  /^jit_\w{1,28}$/,
  'does not begin with jit_ as roles with IAM sign-in do (32 characters at most)',
);
const rdsResourceId = z
  .string()
  .regex(
    /^((db|cluster)-[A-Z0-9]{8,40}|prx-[a-z0-9]{8,40})$/,
    'is not an RDS resource id like db-ABCDEFGHIJKL',
  );
const sqlDatabase = z.discriminatedUnion('auth', [
  z.strictObject({ name: databaseName, role, auth: z.literal('none').default('none') }),
  z.strictObject({ name: databaseName, role: iamRole, auth: z.literal('iam'), rdsResourceId }),
]);
const redisDatabase = z.strictObject({
  name: z.string().regex(/^(\d|[1-9]\d{1,2})$/, 'is not the number of a Redis database (quote it)'),
  role: z.string().regex(/^[\w.-]{1,63}$/, 'is not a Redis user'),
  auth: z.literal('none').default('none'),
});

const databaseKind = { ...described, ...connectable, kind: z.literal('database'), host, port };
const database = z.discriminatedUnion('protocol', [
  z.strictObject({
    ...databaseKind,
    protocol: z.enum(['postgresql', 'mysql']),
    tls: tls.optional(),
    database: sqlDatabase,
  }),
  z.strictObject({
    ...databaseKind,
    protocol: z.literal('redis'),
    tls: tls.optional(),
    database: redisDatabase.optional(),
  }),
]);
const cluster = z.strictObject({
  ...described,
  ...connectable,
  kind: z.literal('cluster'),
  host,
  port,
  protocol: z.literal('kubernetes').default('kubernetes'),
  cluster: z.strictObject({
    name: z.string().regex(/^[0-9A-Za-z][\w-]{0,99}$/, 'is not the name of an EKS cluster'),
    serverName,
    ca: certificates.optional(),
  }),
});
const plainPort = z
  .strictObject({
    ...described,
    ...connectable,
    kind: z.literal('port'),
    host: host.optional(),
    /** The port of the instance itself, instead of one that it reaches. */
    onInstance: z.boolean().default(false),
    port,
    protocol: z.enum(['http', 'postgresql', 'mysql', 'redis']).optional(),
    tls: tls.optional(),
  })
  .refine((entry) => entry.onInstance === (entry.host === undefined), {
    path: ['host'],
    message: 'is required, or onInstance, not both',
  });
type Issues = (entry: never) => readonly { readonly field: string; readonly message: string }[];

/** Adds what is wrong beyond the form of each field. */
function told<T>({ value, issues }: z.core.ParsePayload<T>, wrong: Issues): void {
  for (const { field, message } of wrong(value as never))
    issues.push({ code: 'custom', path: [field], message, input: value });
}

const ssh = z
  .strictObject({ ...described, ...connectable, kind: z.literal('ssh'), ...sshFields })
  .check((payload) => told(payload, sshIssues));
const shell = z
  .strictObject({ ...described, ...connectable, kind: z.literal('shell'), ...shellFields })
  .check((payload) => told(payload, shellIssues));
const subnet = z
  .strictObject({ ...described, ...connectable, kind: z.literal('subnet'), ...subnetFields })
  .check((payload) => told(payload, subnetIssues));

const resource = z
  .discriminatedUnion('kind', [database, plainPort, cluster, ssh, shell, subnet])
  .refine((entry) => entry.connectable === (entry.reason === undefined), {
    path: ['reason'],
    message: 'is required when connectable is false, and only then',
  })
  .refine((entry) => !signsInByIam(entry) || ('tls' in entry && entry.tls !== undefined), {
    path: ['tls'],
    message:
      'is required for IAM sign-in: the token is a password and is signed for the name in the certificate',
  });

function signsInByIam(entry: object): boolean {
  return 'database' in entry && (entry.database as { auth?: string } | undefined)?.auth === 'iam';
}

export const catalogForm = z.strictObject({
  version: z.literal(1),
  hub,
  accounts: z.array(account).min(1).max(limits.accountsMax),
  gateways: z.array(gateway).max(limits.gatewaysMax),
  resources: z.array(resource).max(limits.resourcesMax),
});

export type CatalogForm = z.output<typeof catalogForm>;
export type ResourceForm = CatalogForm['resources'][number];
