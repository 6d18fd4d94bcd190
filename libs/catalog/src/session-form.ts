import { z } from 'zod';
import { limits } from './limits.ts';
import { ownAccountUser, type ShellAccess, type ShellLogs, type SshAccess } from './session-access.ts';

/** Whom people become on a host: never who may do anything by name, nor the account that Session Manager makes. */
const osUser = z
  .string()
  .regex(
    /^(?!(?:root|toor|ssm-user)$)[a-z_][a-z0-9_-]{0,31}$/,
    'is not an OS user like web-ops (root, toor and ssm-user are refused)',
  );
const hostKey = z
  .string()
  .max(1000)
  .regex(
    /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,}={0,2}$/,
    'is not a host key like ssh-ed25519 AAAA...',
  );
const port = z.int().min(1).max(65_535);

/** The fields of an SSH host in the written catalogue; a reachable one names its user. */
export const sshFields = {
  user: osUser.optional(),
  ownAccount: z.boolean().default(false),
  port: port.default(22),
  instanceConnect: z.boolean().optional(),
  hostKeys: z.array(hostKey).max(limits.hostKeysMax).default([]),
};

// Neither braces, which the SSM Agent expands, nor what a log group or a key may not hold.
const logGroup = z.string().regex(/^[\w./#-]{1,512}$/, 'is not a log group like /jit/shell');
/** The name of a bucket of S3. */
export const bucket = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is not a bucket');
const prefix = z
  .string()
  .max(500)
  .regex(/^[\w./=-]*$/, 'is not a key prefix')
  .default('');
const logs = z.union([
  z.strictObject({ cloudWatch: logGroup }),
  z.strictObject({ s3: z.strictObject({ bucket, prefix }) }),
  z.literal('none'),
]);

const commandName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not a name like restart-web');
const commandLine = z
  .string()
  .min(1)
  .max(limits.commandCharactersMax)
  .regex(/^[^\p{Cc}]*$/u, 'holds control characters')
  .refine((text) => !text.includes('{{'), 'holds double braces, which the SSM Agent expands');
const commands = z.union([
  z.enum(['any', 'none']),
  z
    .array(z.strictObject({ name: commandName, run: commandLine }))
    .min(1)
    .max(limits.commandsMax)
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'names a command twice'),
]);

/** The fields of a shell in the written catalogue; a reachable one names its account and how it is kept. */
export const shellFields = {
  runAs: osUser.optional(),
  ownAccount: z.boolean().default(false),
  login: z.boolean().default(true),
  commands: commands.default('none'),
  encryption: z.enum(['required', 'none']).optional(),
  logs: logs.optional(),
  clientRecording: z.enum(['required', 'none']).default('none'),
  idleMinutes: z.int().min(1).max(60).default(20),
};

export type SshForm = z.output<z.ZodObject<typeof sshFields>> & { readonly connectable: boolean };
export type ShellForm = z.output<z.ZodObject<typeof shellFields>> & {
  readonly connectable: boolean;
  /** What people are told of it. */
  readonly recording: { readonly recorded: boolean; readonly where?: string | undefined };
};

interface Issue {
  readonly field: string;
  readonly message: string;
}

const requiredFor = (field: string): Issue => ({ field, message: 'is required when connectable' });

/** What is wrong with an SSH host beyond the form of each field. */
export function sshIssues({ connectable, user, ownAccount }: SshForm): Issue[] {
  if (ownAccount) return user === undefined ? [] : [instead('user')];
  return connectable && user === undefined ? [requiredFor('user')] : [];
}

const instead = (field: string): Issue => ({ field, message: 'does not go with ownAccount' });

/** What is wrong with a shell beyond the form of each field. */
export function shellIssues(entry: ShellForm): Issue[] {
  if (!entry.connectable) return [];
  const needed = (['runAs', 'encryption', 'logs'] as const).slice(entry.ownAccount ? 1 : 0);
  const missing = needed.filter((field) => entry[field] === undefined);
  const nothing = !entry.login && entry.commands === 'none';
  return [
    ...missing.map(requiredFor),
    ...(entry.ownAccount && entry.runAs !== undefined ? [instead('runAs')] : []),
    ...(nothing ? [{ field: 'commands', message: 'is required when login is false' }] : []),
    ...recordingIssues(entry),
  ];
}

/** What people are told must be what is done: whether it is recorded, and where the instance's logs are. */
function recordingIssues({ logs: kept, clientRecording, recording }: ShellForm): Issue[] {
  if (kept === undefined) return [];
  const recorded = kept !== 'none' || clientRecording === 'required';
  if (recording.recorded !== recorded) {
    const because = recorded ? 'logs or clientRecording record it' : 'neither logs nor clientRecording does';
    return [{ field: 'recording', message: `says recorded: ${String(!recorded)}, but ${because}` }];
  }
  const place = kept === 'none' ? undefined : 's3' in kept ? kept.s3.bucket : kept.cloudWatch;
  return place === undefined || recording.where?.includes(place)
    ? []
    : [{ field: 'recording', message: `does not name ${place} in where, which its logs go to` }];
}

/** How the sshd is reached; null when the host is only listed. `hybrid`: its nodes take no pushed keys. */
export function sshOf(entry: SshForm, hybrid: boolean): SshAccess | null {
  const { connectable, ownAccount, port, hostKeys } = entry;
  const user = ownAccount ? ownAccountUser : entry.user;
  if (!connectable || user === undefined) return null;
  return { user, ownAccount, port, instanceConnect: entry.instanceConnect ?? !hybrid, hostKeys };
}

/** What sessions on the host may do; null when it is only listed. `sessionKey`: that of its account. */
export function shellOf(entry: ShellForm, sessionKey: string | undefined): ShellAccess | null {
  const { connectable, ownAccount, login, commands, idleMinutes } = entry;
  const runAs = ownAccount ? ownAccountUser : entry.runAs;
  if (!connectable || runAs === undefined) return null;
  return {
    runAs,
    ownAccount,
    login,
    commands,
    keyArn: entry.encryption === 'required' ? (sessionKey ?? null) : null,
    logs: logsOf(entry.logs),
    clientRecording: entry.clientRecording === 'required',
    idleMinutes,
  };
}

function logsOf(written: ShellForm['logs']): ShellLogs | null {
  return written === undefined || written === 'none' ? null : written;
}
