import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Timers } from '@sallyport/effects';
import { systemTimers } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { embeddedBinaries, type Binaries } from './binaries.ts';
import { endOrphan } from './orphan.ts';
import { privateFolder, serverIdentity, type ServerIdentity } from './server-identity.ts';

export interface PostgresOptions {
  /** Where the cluster lives; made on first use. Its parent must exist or be creatable. */
  readonly dataDir: string;
  /** Password of the superuser `postgres`, set when the cluster is made. */
  readonly superuserPassword: string;
  /** Roles that may connect over the socket without a password. Default none. */
  readonly trusted?: readonly string[];
  /** Server settings beside the defaults, for example `{ max_connections: '50' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: the programs from npm. */
  readonly binaries?: Binaries;
  readonly timers?: Timers;
  /** Receives each line the server writes. */
  readonly onLog?: (line: string) => void;
}

export interface PostgresCluster {
  readonly pid: number;
  /** Folder of the socket `.s.PGSQL.5432`. */
  readonly socketDir: string;
  readonly socketPath: string;
  /** A connection URL over the socket; the password is left out for trusted roles. */
  url(database: string, role?: string, password?: string): string;
  /** Fast shutdown; resolves when the process is gone. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves with a description when the server ends without `stop`. */
  readonly died: Promise<string>;
}

/** A socket path longer than this does not fit `sockaddr_un` on every system (104 bytes on macOS). */
const socketPathMax = 103;
const port = 5432;

/** Starts the cluster, making it first when the folder is empty. Only a Unix socket of a 0700 folder listens. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresCluster> {
  const dataDir = resolve(options.dataDir);
  const binaries = options.binaries ?? (await embeddedBinaries());
  const identity = serverIdentity();
  const timers = options.timers ?? systemTimers;
  await privateFolder(dataDir, identity);
  if (!existsSync(join(dataDir, 'PG_VERSION'))) await initialise(dataDir, options, binaries, identity);
  else await endOrphan(dataDir, timers);
  await writeOwned(join(dataDir, 'pg_hba.conf'), hostBasedAuthentication(options.trusted ?? []), identity);
  const socketDir = await socketFolder(dataDir, identity);
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socketDir,
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...options.settings,
  };
  const args = [
    '-D',
    dataDir,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
  ];
  const child = launch(binaries.postgres, args, identity);
  const exited = once(child, 'exit').then(([code, signal]) => `exit ${code ?? signal}`);
  const last = await untilReady(child, exited, options.onLog);
  if (last !== undefined)
    throw new Problem('DATABASE_START_FAILED', { detail: `PostgreSQL did not start in ${dataDir}: ${last}` });
  return running(child, exited, socketDir, timers);
}

function running(
  child: ChildProcess,
  exited: Promise<string>,
  socketDir: string,
  timers: Timers,
): PostgresCluster {
  let stopping: Promise<void> | undefined;
  const died = new Promise<string>((tell) => void exited.then((how) => stopping ?? tell(how)));
  const stop = async () => {
    child.kill('SIGINT');
    const timer = timers.after(4_000, () => child.kill('SIGQUIT'));
    await exited;
    timers.cancel(timer);
  };
  return {
    pid: child.pid ?? 0,
    socketDir,
    socketPath: join(socketDir, `.s.PGSQL.${port}`),
    url: (database, role = 'postgres', password) => {
      const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
      return `postgresql://${role}${secret}@localhost/${database}?host=${encodeURIComponent(socketDir)}`;
    },
    stop: () => (stopping ??= stop()),
    died,
  };
}

/** Resolves with undefined when the server takes connections, or with its last words when it ends first. */
async function untilReady(
  child: ChildProcess,
  exited: Promise<string>,
  onLog: ((line: string) => void) | undefined,
): Promise<string | undefined> {
  const tail: string[] = [];
  const ready = new Promise<undefined>((resolve) => {
    if (!child.stderr) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      onLog?.(line);
      if (tail.push(line) > 5) tail.shift();
      if (line.includes('database system is ready to accept connections')) resolve(undefined);
    });
  });
  return Promise.race([ready, exited.then((how) => `${tail.join(' | ')} (${how})`)]);
}

async function initialise(
  dataDir: string,
  options: PostgresOptions,
  binaries: Binaries,
  identity: ServerIdentity,
) {
  const scratch = await mkdtemp(join(tmpdir(), 'sallyport-initdb-'));
  try {
    const passwordFile = join(scratch, 'password');
    await writeOwned(passwordFile, options.superuserPassword, identity);
    if (identity.owner) await chown(scratch, identity.owner.uid, identity.owner.gid);
    const child = launch(
      binaries.initdb,
      [
        '-D',
        dataDir,
        '-U',
        'postgres',
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--locale=C',
        '--no-instructions',
      ],
      identity,
    );
    const words: string[] = [];
    child.stderr?.on('data', (chunk: Buffer) => words.push(chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) {
      await rm(join(dataDir, 'PG_VERSION'), { force: true });
      throw new Problem('DATABASE_START_FAILED', {
        detail: `initdb failed in ${dataDir}: ${words.join('').trim().slice(-400)}`,
      });
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function launch(command: string, args: readonly string[], identity: ServerIdentity): ChildProcess {
  const wrapped = identity.wrap(command, args);
  // A group of its own: Ctrl-C in the terminal reaches the launcher, which then ends things in their order.
  return spawn(wrapped.command, wrapped.args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  });
}

function hostBasedAuthentication(trusted: readonly string[]): string {
  return [...trusted.map((role) => `local all ${role} trust`), 'local all all scram-sha-256', ''].join('\n');
}

async function writeOwned(path: string, text: string, identity: ServerIdentity): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  if (identity.owner) await chown(path, identity.owner.uid, identity.owner.gid);
}

/** Beside the cluster, or in the temporary folder when that path is too long for a socket. */
async function socketFolder(dataDir: string, identity: ServerIdentity): Promise<string> {
  const beside = join(dirname(dataDir), `${basename(dataDir)}-socket`);
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const path =
    `${beside}/.s.PGSQL.${port}`.length <= socketPathMax ? beside : join(tmpdir(), `sallyport-pg-${hash}`);
  await privateFolder(path, identity);
  return path;
}
