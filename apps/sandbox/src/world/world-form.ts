import { z } from 'zod';

/** The written form of a world (YAML), strict: an unknown field is an error. */

const accountName = z.string().min(1);
const tags = z.record(z.string().max(128), z.string().max(256));
const port = z.int().min(1).max(65_535);

const backing = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('postgres'), database: z.enum(['shop', 'shop_staging']) }),
  /** PostgreSQL as RDS offers it with IAM sign-in: TLS that names `host`, a token for a password, role `jit_reader`. */
  z.strictObject({
    kind: z.literal('rds'),
    database: z.enum(['shop', 'shop_staging']),
    /** Id of an account. */
    account: z.string().regex(/^\d{12}$/),
    region: z.string(),
    'resource-id': z.string().regex(/^((db|cluster)-[A-Z0-9]{8,40}|prx-[a-z0-9]{8,40})$/),
    /** Folder of the authority (`ca.pem`, made when missing), absolute; the installation's own when left out. */
    authority: z.string().startsWith('/').optional(),
  }),
  z.strictObject({ kind: z.literal('web-page') }),
  z.strictObject({ kind: z.literal('echo') }),
  z.strictObject({ kind: z.literal('bulk') }),
  z.strictObject({ kind: z.literal('tcp'), port }),
  /** A UDP port of this machine. */
  z.strictObject({ kind: z.literal('udp'), port }),
  /** A server of this machine behind a Unix socket, absolute path. */
  z.strictObject({ kind: z.literal('socket'), path: z.string().startsWith('/').max(107) }),
]);

const principal = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
    /** `hub.issuer`, `hub.recorder`, ..., or `ACCOUNT.connect|revoke|inventory`. */
    role: z
      .string()
      .regex(/^[a-z0-9-]+\.[a-z]+$/)
      .optional(),
    user: z.strictObject({ account: accountName, name: z.string() }).optional(),
    /** The identity policy of a user. Roles have theirs rendered. */
    policy: z.record(z.string(), z.unknown()).optional(),
  })
  .refine((p) => (p.role === undefined) !== (p.user === undefined), 'needs a role or a user, not both')
  .refine(
    (p) => (p.user === undefined) === (p.policy === undefined),
    'a user needs a policy, a role has its own',
  );

export const worldForm = z.strictObject({
  version: z.literal(1),
  /** Path of the catalogue, relative to the world file. */
  catalog: z.string(),
  principals: z.array(principal),
  'session-manager': z.strictObject({
    'default-document-check': z.enum(['always', 'by-condition-key']),
    'session-id-form': z.enum(['base32', 'hex17']),
    'idle-minutes': z.int().min(1).max(60),
    'max-minutes': z.int().min(1).max(1440).optional(),
  }),
  instances: z.array(
    z.strictObject({
      id: z.string().regex(/^(i|mi)-[0-9a-f]{17}$/),
      account: accountName,
      region: z.string(),
      zone: z.string(),
      name: z.string(),
      address: z.ipv4(),
      online: z.boolean(),
      /** `attached`: served by an agent of another process (`--agent-listen`), and online while that is there. */
      agent: z.enum(['emulated', 'attached']).default('emulated'),
      /** The companion agent runs on this instance, in the sandbox's process, and listens on loopback at this port. */
      companion: z
        .strictObject({
          port: port.default(7443),
          /** It was installed with a device for whole packets (L3), as `SALLYPORT_L3=yes` does. */
          packets: z.boolean().default(false),
        })
        .optional(),
      /** This machine's OpenSSH server runs on the instance, at port 22, where the sandbox runs as root. */
      sshd: z.boolean().default(false),
      /** OS accounts beside root and ssm-user; real processes of this machine run under these names. */
      users: z
        .array(z.string().regex(/^[a-z_][a-z0-9_-]{0,30}$/))
        .max(100)
        .default(['ec2-user']),
      /** False: somebody removed the account that the agent makes, and the agent may not make it again. */
      'ssm-user': z.boolean().default(true),
      /** The instance's role may decrypt data keys of sessions. */
      'may-decrypt': z.boolean().default(true),
      'may-log': z.boolean().default(true),
      tags,
    }),
  ),
  /** Session documents that somebody made there by hand; the account's preferences when named SSM-SessionManagerRunShell. */
  documents: z
    .array(
      z.strictObject({
        account: accountName,
        region: z.string(),
        name: z.string(),
        content: z.record(z.string(), z.unknown()),
      }),
    )
    .default([]),
  /** ARNs of KMS keys, beside the session keys of the catalogue. */
  keys: z.array(z.string().regex(/^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/[0-9a-f-]{36}$/)).default([]),
  /** Log groups of CloudWatch, by name; `key` is the ARN of the KMS key that encrypts one. */
  'log-groups': z
    .array(
      z.strictObject({
        account: accountName,
        region: z.string(),
        name: z.string().regex(/^[A-Za-z0-9_./#-]{1,512}$/),
        key: z.string().optional(),
      }),
    )
    .default([]),
  /** Buckets of S3, beside that of the catalogue's recordings. `lock-days`: object lock (COMPLIANCE) for so long. */
  buckets: z
    .array(
      z.strictObject({
        account: accountName,
        region: z.string(),
        name: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
        encrypted: z.boolean().default(true),
        'lock-days': z.int().min(1).max(36_500).optional(),
      }),
    )
    .default([]),
  /** Address ranges of the VPC; the agent does not forward to their reserved addresses. */
  'vpc-cidrs': z.array(z.cidrv4()),
  network: z.array(
    z
      .strictObject({
        host: z.string().min(1),
        /** What the host's name resolves to; left out when `host` is an address. */
        address: z.union([z.ipv4(), z.ipv6()]).optional(),
        /** The same host by IPv6. */
        address6: z.ipv6().optional(),
        protocol: z.enum(['tcp', 'udp']).default('tcp'),
        port,
        /** Listens on the loopback of this instance alone; for `host: localhost`, which is otherwise that of every instance. */
        instance: z.string().optional(),
        backing,
      })
      .refine(
        ({ protocol, backing: { kind } }) =>
          protocol === 'tcp' ? kind !== 'udp' : kind === 'udp' || kind === 'echo',
        'protocol udp needs backing echo or udp, and tcp any other',
      )
      .refine(
        ({ host, instance }) => instance === undefined || host === 'localhost',
        'instance is for localhost',
      ),
  ),
  /** Hosts without a listener: they have names and answer pings. */
  hosts: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        address: z.ipv4().optional(),
        address6: z.ipv6().optional(),
        /** IP protocols without ports whose packets it sends back: 47 is GRE. */
        mirrors: z.array(z.int().min(0).max(255)).default([]),
      }),
    )
    .default([]),
});

export type WorldForm = z.infer<typeof worldForm>;
export type BackingForm = z.infer<typeof backing>;
