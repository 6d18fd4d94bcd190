import { resolve } from 'node:path';
import { z } from 'zod';
import { Problem } from '@sallyport/problems';

const mib = 1024 * 1024;

/** Settings come from the environment and nowhere else; an empty variable counts as absent. */
const environmentForm = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z.string().optional(),
  DATABASE_MIGRATE_URL: z.string().optional(),
  SALLYPORT_DATA: z.string().default('.data'),
  SALLYPORT_AWS: z.enum(['sandbox', 'live']).default('sandbox'),
  SALLYPORT_ACCOUNTS_FILE: z.string().optional(),
  SALLYPORT_CATALOG: z.string().default('config/catalog.yaml'),
  SALLYPORT_POLICIES: z.string().default('config/policies.yaml'),
  SALLYPORT_WEB_ROOT: z.string().default('apps/web/out'),
  SALLYPORT_PUBLIC_URL: z.url().optional(),
  SALLYPORT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  SALLYPORT_ISSUER_SOCKET: z.string().optional(),
  SALLYPORT_REVOKER_SOCKET: z.string().optional(),
  SALLYPORT_INVENTORY_SOCKET: z.string().optional(),
  SALLYPORT_PROVISIONER_SOCKET: z.string().optional(),
  SALLYPORT_SIGNER_SOCKET: z.string().optional(),
  SALLYPORT_AGENTS: z.string().optional(),
  SALLYPORT_RECORDING_DAYS: z.coerce.number().int().min(1).max(3_650).default(365),
  SALLYPORT_RECORDING_MIB: z.coerce.number().int().min(64).default(65_536),
  SALLYPORT_RECORDING_MIB_PER_PERSON: z.coerce.number().int().min(64).default(8_192),
  // Not below the time for which an agent may still tell: see platform/retention.
  SALLYPORT_KEEP_FLOWS_DAYS: z.coerce.number().int().min(14).max(3650).default(90),
  AWS_REGION: z.string().default('eu-west-1'),
  AWS_ENDPOINT_URL: z.url().optional(),
});

/** How this process runs. Made once at start; secrets in it (the database addresses) are never logged. */
export interface Configuration {
  readonly port: number;
  readonly host: string;
  readonly databaseUrl: string | undefined;
  /** Address with the owner's role, for migrations; without it `databaseUrl` migrates. */
  readonly databaseMigrateUrl: string | undefined;
  readonly dataDirectory: string;
  readonly aws: 'sandbox' | 'live';
  readonly accountsFile: string | undefined;
  readonly catalogFile: string;
  readonly policiesFile: string;
  readonly webRoot: string;
  /** Where people reach the dashboard; undefined means this machine's loopback. */
  readonly publicUrl: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly region: string;
  /** Address of AWS where it is not AWS's own. */
  readonly awsEndpoint: string | undefined;
  /** Unix socket of the signer; without it networks cannot be reached whole. */
  readonly signerSocket: string | undefined;
  /** File of the agents that infrastructure enrolled. */
  readonly agentsFile: string | undefined;
  /** How long recordings are kept, and how many bytes all of them and those of one person may take. */
  readonly recordings: {
    readonly days: number;
    readonly totalBytesMax: number;
    readonly personBytesMax: number;
  };
  /** How long records of conversations are kept. */
  readonly keepFlowsDays: number;
  /** Unix sockets of principals that run as processes of their own. */
  readonly principalSockets: Readonly<
    Record<'issuer' | 'revoker' | 'inventory' | 'provisioner', string | undefined>
  >;
}

/** The injection token of {@link Configuration}. */
export const CONFIGURATION = Symbol('Configuration');

/** Reads the environment. Refuses with CONFIGURATION_INVALID and CONFIGURATION_UNSAFE, naming the variables. */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const configuration = readSettings(environment);
  refuseUnsafeLive(configuration);
  demandLoopback(configuration);
  return configuration;
}

/** The same for the process of one AWS principal, which has no database, serves no pages and must not need either. */
export function readPrincipalConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<Configuration, 'aws' | 'awsEndpoint' | 'catalogFile' | 'logLevel'> {
  const { aws, awsEndpoint, catalogFile, logLevel } = readSettings(environment);
  if (aws === 'live' && awsEndpoint !== undefined)
    throw new Problem('CONFIGURATION_UNSAFE', {
      detail: 'SALLYPORT_AWS=live does not go with an AWS endpoint of its own (AWS_ENDPOINT_URL).',
    });
  return { aws, awsEndpoint, catalogFile, logLevel };
}

function readSettings(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentForm.safeParse(given);
  if (!parsed.success)
    throw new Problem('CONFIGURATION_INVALID', {
      errors: parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })),
      detail: `Not valid: ${parsed.error.issues.map(({ path }) => path.join('.')).join(', ')}.`,
    });
  const settings = parsed.data;
  return {
    port: settings.PORT,
    host: settings.HOST,
    databaseUrl: settings.DATABASE_URL,
    databaseMigrateUrl: settings.DATABASE_MIGRATE_URL,
    dataDirectory: settings.SALLYPORT_DATA,
    aws: settings.SALLYPORT_AWS,
    accountsFile: settings.SALLYPORT_ACCOUNTS_FILE,
    catalogFile: settings.SALLYPORT_CATALOG,
    policiesFile: settings.SALLYPORT_POLICIES,
    webRoot: settings.SALLYPORT_WEB_ROOT,
    publicUrl: settings.SALLYPORT_PUBLIC_URL,
    logLevel: settings.SALLYPORT_LOG_LEVEL,
    region: settings.AWS_REGION,
    awsEndpoint: settings.AWS_ENDPOINT_URL,
    signerSocket: settings.SALLYPORT_SIGNER_SOCKET,
    agentsFile: settings.SALLYPORT_AGENTS,
    recordings: {
      days: settings.SALLYPORT_RECORDING_DAYS,
      totalBytesMax: settings.SALLYPORT_RECORDING_MIB * mib,
      personBytesMax: settings.SALLYPORT_RECORDING_MIB_PER_PERSON * mib,
    },
    keepFlowsDays: settings.SALLYPORT_KEEP_FLOWS_DAYS,
    principalSockets: {
      issuer: settings.SALLYPORT_ISSUER_SOCKET,
      revoker: settings.SALLYPORT_REVOKER_SOCKET,
      inventory: settings.SALLYPORT_INVENTORY_SOCKET,
      provisioner: settings.SALLYPORT_PROVISIONER_SOCKET,
    },
  };
}

/** On real AWS nothing that is only good for trying the product may be on. */
function refuseUnsafeLive(configuration: Configuration): void {
  if (configuration.aws !== 'live') return;
  const unsafe = [
    configuration.accountsFile === undefined ? [] : ['sandbox accounts (SALLYPORT_ACCOUNTS_FILE)'],
    isEmbedded(configuration) ? ['the embedded database (set DATABASE_URL to a server)'] : [],
    configuration.publicUrl?.startsWith('https://')
      ? []
      : ['plain HTTP (set SALLYPORT_PUBLIC_URL to https://...)'],
    // What ends TLS stands on this machine: any other address would take passwords and tokens in the clear.
    isLoopback(configuration.host)
      ? []
      : ['plain HTTP from other machines (HOST must be a loopback address)'],
    configuration.awsEndpoint === undefined ? [] : ['an AWS endpoint of its own (AWS_ENDPOINT_URL)'],
  ].flat();
  if (unsafe.length > 0)
    throw new Problem('CONFIGURATION_UNSAFE', {
      detail: `SALLYPORT_AWS=live does not go with ${unsafe.join(', ')}.`,
    });
}

/** The sandbox has accounts whose passwords lie in a file, and speaks plain HTTP: it is for this machine alone. */
function demandLoopback({ aws, host }: Configuration): void {
  if (aws !== 'sandbox' || isLoopback(host)) return;
  const message = 'must be a loopback address, such as 127.0.0.1';
  throw new Problem('CONFIGURATION_INVALID', {
    detail: `HOST ${message}, unless SALLYPORT_AWS is live.`,
    errors: [{ field: 'HOST', message }],
  });
}

/**
 * The embedded database is what is meant when no address is given, or one that leads to a socket inside the data
 * directory. Refuses with CONFIGURATION_INVALID an address that cannot be read, without repeating it: it may hold a
 * password.
 */
function isEmbedded({ databaseUrl, dataDirectory }: Configuration): boolean {
  if (databaseUrl === undefined) return true;
  if (!/^postgres(ql)?:/.test(databaseUrl) || !URL.canParse(databaseUrl))
    throw new Problem('CONFIGURATION_INVALID', {
      detail: 'DATABASE_URL is not an address of the form postgresql://...',
      errors: [{ field: 'DATABASE_URL', message: 'is not an address of the form postgresql://...' }],
    });
  const { searchParams, hostname } = new URL(databaseUrl);
  const socket = searchParams.get('host') ?? decodeURIComponent(hostname);
  return socket.startsWith('/') && `${resolve(socket)}/`.startsWith(`${resolve(dataDirectory)}/`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * In the sandbox no call may leave this machine, nor any credential of the person's own be used. Refuses with
 * CONFIGURATION_INVALID when a process that calls AWS has no endpoint here.
 */
export function demandSandboxEndpoint({
  aws,
  awsEndpoint,
}: Pick<Configuration, 'aws' | 'awsEndpoint'>): void {
  if (aws !== 'sandbox') return;
  const host = awsEndpoint === undefined ? undefined : new URL(awsEndpoint).hostname.replace(/^\[|\]$/g, '');
  if (host === undefined || !isLoopback(host))
    throw new Problem('CONFIGURATION_INVALID', {
      detail: 'AWS_ENDPOINT_URL must lead to the sandbox on this machine, or SALLYPORT_AWS must be live.',
      errors: [{ field: 'AWS_ENDPOINT_URL', message: 'must lead to the sandbox on this machine' }],
    });
}
