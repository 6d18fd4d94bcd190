import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianBinaries, startPostgres, type PostgresCluster } from '@sallyport/embedded-postgres';
import { countedBytes } from './counted-bytes.ts';

/** Servers as their makers ship them, each behind a Unix socket of a temporary folder: Debian's programs, no emulation. */
export class RealServers {
  readonly folder: string;
  /** Paths of the sockets by name, as the world file wants them. */
  readonly sockets: { postgres: string; mariadb: string; redis: string; files: string };
  /** Folder of PostgreSQL's socket, for direct connections. */
  readonly postgresFolder: string;
  readonly #children: readonly ChildProcess[];
  readonly #cluster: PostgresCluster;
  readonly #files: Server;

  private constructor(parts: {
    folder: string;
    children: readonly ChildProcess[];
    cluster: PostgresCluster;
    files: Server;
  }) {
    this.folder = parts.folder;
    this.#children = parts.children;
    this.#cluster = parts.cluster;
    this.#files = parts.files;
    this.postgresFolder = parts.cluster.socketDir;
    this.sockets = {
      postgres: parts.cluster.socketPath,
      mariadb: join(parts.folder, 'mariadb.sock'),
      redis: join(parts.folder, 'redis.sock'),
      files: join(parts.folder, 'files.sock'),
    };
  }

  /** Starts PostgreSQL 15 (role `app`, no password), MariaDB (user `app`, no password), Redis and a file server. */
  static async start(): Promise<RealServers> {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-servers-'));
    // Other users' servers find their folders here; what is in them is theirs alone.
    chmodSync(folder, 0o711);
    const children: ChildProcess[] = [];
    try {
      const mariadb = startMariadb(folder, children);
      const redis = startRedis(folder, children);
      const cluster = await startPostgres({
        dataDir: join(folder, 'postgres'),
        superuserPassword: 'not-used-over-the-socket',
        trusted: ['app', 'postgres'],
        binaries: debianBinaries(),
        settings: { fsync: 'off', max_wal_size: '2GB', shared_buffers: '64MB' },
      });
      const files = fileServer();
      files.listen(join(folder, 'files.sock'));
      await Promise.all([mariadb, redis, once(files, 'listening')]);
      return new RealServers({ folder, children, cluster, files });
    } catch (error) {
      for (const child of children) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends the servers and removes their folders. */
  async stop(): Promise<void> {
    this.#files.close();
    this.#files.closeAllConnections();
    await this.#cluster.stop();
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Servers refuse to run as root; then they run as nobody, who owns their folders. */
const asRoot = process.getuid?.() === 0;
const nobody = 65_534;

function ownFolder(path: string): string {
  mkdirSync(path, { mode: 0o700 });
  if (asRoot) chownSync(path, nobody, nobody);
  return path;
}

async function startMariadb(folder: string, children: ChildProcess[]): Promise<void> {
  const dataDir = ownFolder(join(folder, 'mariadb'));
  const scratch = ownFolder(join(folder, 'mariadb-tmp'));
  const socket = join(folder, 'mariadb.sock');
  const identity = asRoot ? ['--user=nobody'] : [];
  const made = spawn(
    '/usr/bin/mariadb-install-db',
    [
      '--no-defaults',
      `--datadir=${dataDir}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      `--tmpdir=${scratch}`,
      ...identity,
    ],
    { stdio: 'ignore' },
  );
  const [code] = (await once(made, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`mariadb-install-db ended with ${code}`);
  // The socket stands in a folder that nobody may write.
  const place = asRoot ? join(scratch, 'socket') : socket;
  const server = spawn(
    '/usr/sbin/mariadbd',
    [
      '--no-defaults',
      `--datadir=${dataDir}`,
      `--tmpdir=${scratch}`,
      `--socket=${place}`,
      '--skip-networking',
      '--local-infile=1',
      '--innodb-flush-log-at-trx-commit=0',
      '--max-allowed-packet=64M',
      ...identity,
    ],
    { stdio: 'ignore' },
  );
  children.push(server);
  await until('mariadb', server, () => existsSync(place));
  if (place !== socket) await link(place, socket);
  const sql = 'create database app; create user app@localhost; grant all on app.* to app@localhost;';
  const ready = () =>
    spawnSync('/usr/bin/mariadb', ['--no-defaults', `--socket=${socket}`, '-uroot', '-e', sql]).status === 0;
  await until('mariadb', server, ready);
}

/** The path that the world file names leads to the socket where the server could put it. */
async function link(from: string, to: string): Promise<void> {
  const { symlink } = await import('node:fs/promises');
  await symlink(from, to);
}

async function startRedis(folder: string, children: ChildProcess[]): Promise<void> {
  const dataDir = join(folder, 'redis');
  mkdirSync(dataDir);
  const socket = join(folder, 'redis.sock');
  const server = spawn(
    '/usr/bin/redis-server',
    ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', dataDir],
    { stdio: 'ignore' },
  );
  children.push(server);
  const ready = () => spawnSync('/usr/bin/redis-cli', ['-s', socket, 'ping']).status === 0;
  await until('redis', server, ready);
}

async function until(name: string, child: ChildProcess, ready: () => boolean): Promise<void> {
  for (let left = 600; !ready(); left -= 1) {
    if (child.exitCode !== null || left === 0) throw new Error(`${name} did not start`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** GET `/N` answers with N counted bytes; PUT answers with the SHA-256 of what came. */
function fileServer(): Server {
  return createServer((request, response) => {
    if (request.method === 'PUT') {
      const digest = createHash('sha256');
      request.on('data', (chunk: Buffer) => digest.update(chunk));
      request.on('end', () => response.end(digest.digest('hex')));
      return;
    }
    const length = Number(/^\/(\d{1,12})$/.exec(request.url ?? '')?.[1] ?? 0);
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': length });
    const bytes = countedBytes(length);
    const send = () => {
      for (let next = bytes.next(); !next.done; next = bytes.next())
        if (!response.write(next.value)) return void response.once('drain', send);
      response.end();
    };
    send();
  });
}
