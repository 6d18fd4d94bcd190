import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Log } from '@sallyport/effects';
import type { PushedKeys } from '../../services/instance-connect/pushed-keys.ts';
import type { Instance, World } from '../../world/world.ts';
import type { PrivateNetwork } from '../private-network.ts';
import { canIsolate } from './isolation.ts';
import { accountFiles, accountsOf, usersOf, type OsUser } from './os-users.ts';

const program = '/usr/sbin/sshd';
/** Where the files of the server are within its own namespaces. */
const place = '/run/host';

const configuration = [
  `HostKey ${place}/host_key`,
  'PidFile none',
  'UsePAM no',
  'PasswordAuthentication no',
  'KbdInteractiveAuthentication no',
  'PermitRootLogin no',
  // What Instance Connect pushed, and what the account keeps itself.
  `AuthorizedKeysFile ${place}/keys/%u .ssh/authorized_keys`,
  'StrictModes no',
  'X11Forwarding no',
  'PrintMotd no',
  'Subsystem sftp internal-sftp',
  '',
].join('\n');

/** Accounts, homes, host name, processes and /tmp of the instance, as its programs have them; root's rights, since it signs people in. */
const inside = `
mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && mount --bind "$6" /etc/shadow &&
mount -t tmpfs -o mode=0755 tmpfs /run && mkdir -m 0755 /run/sshd && mkdir ${place} &&
mount --bind "$3" ${place} && mount --bind "$4" /home && mount -t tmpfs -o mode=1777 tmpfs /tmp || exit 126
echo "$5" > /proc/sys/kernel/hostname
exec ${program} -i -e -f ${place}/sshd_config
`;
const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];

export interface SshServerParts {
  /** The sandbox's own folder. */
  readonly folder: string;
  readonly pushedKeys: PushedKeys;
  readonly log: Log;
}

/**
 * This machine's OpenSSH server as the sshd of an instance: a process for each connection, in namespaces of its own, with a host key that outlives
 * restarts. Where there is none, or namespaces cannot be made, the port is closed.
 */
export class SshServer {
  readonly #instance: Instance;
  readonly #parts: SshServerParts;
  readonly #folder: string;
  readonly #children = new Set<ChildProcess>();
  readonly #starting = new Set<Promise<void>>();
  #closed = false;

  private constructor(instance: Instance, parts: SshServerParts) {
    this.#instance = instance;
    this.#parts = parts;
    this.#folder = join(parts.folder, 'instances', instance.id, 'ssh');
  }

  /** The server of an instance; undefined where this machine cannot run one. Its host key is put on record as the instance's tag. */
  static of(instance: Instance, parts: SshServerParts): SshServer | undefined {
    if (!existsSync(program) || !canIsolate()) return undefined;
    const server = new SshServer(instance, parts);
    mkdirSync(join(server.#folder, 'keys'), { recursive: true, mode: 0o755 });
    writeFileSync(join(server.#folder, 'sshd_config'), configuration);
    const hostKey = join(server.#folder, 'host_key');
    if (!existsSync(hostKey)) {
      const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', hostKey]);
      if (made.status !== 0) return undefined;
    }
    const line = readFileSync(`${hostKey}.pub`, 'utf8').trim();
    instance.tags = { ...instance.tags, 'jit-host-key': line };
    parts.pushedKeys.onChange((instanceId) => {
      if (instanceId === instance.id) server.#writeKeys();
    });
    return server;
  }

  /** Ends the connections of an account, as the end of its processes does on a host. */
  endOf({ uid }: OsUser): void {
    for (const child of this.#children)
      if (child.pid !== undefined && runsAs(child.pid, uid)) child.kill('SIGKILL');
  }

  /** Serves one connection. */
  serve(socket: Duplex): void {
    socket.on('error', () => undefined);
    const starting = this.#start(socket)
      .catch((error: unknown) => {
        const { log } = this.#parts;
        log.write('warn', 'sshd does not start', { id: this.#instance.id, reason: String(error) });
        socket.destroy();
      })
      .finally(() => this.#starting.delete(starting));
    this.#starting.add(starting);
  }

  /** Whose connections these are. */
  get instanceId(): string {
    return this.#instance.id;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#starting);
    await Promise.all(
      [...this.#children].flatMap((child) => {
        if (child.exitCode !== null || child.signalCode !== null) return [];
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        return [gone];
      }),
    );
  }

  async #start(socket: Duplex): Promise<void> {
    const { folder } = this.#parts;
    this.#writeKeys();
    let files;
    for (const user of usersOf(this.#instance))
      files = await accountFiles(folder, this.#instance, user, true);
    if (files === undefined) throw new Error('the instance has no account');
    // Nobody is there any more: an sshd would wait two minutes for whom nothing tells it has gone.
    if (this.#closed || socket.destroyed) return void socket.destroy();
    const homes = join(files.home, '..');
    const child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', '--', 'unshare', ...namespaces, '--propagation', 'private', '--'],
        ...['/bin/sh', '-c', inside, 'sh', files.passwd, files.group, this.#folder, homes],
        this.#instance.name,
        files.shadow,
      ],
      { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
    );
    this.#children.add(child);
    const over = () => {
      this.#children.delete(child);
      socket.destroy();
    };
    child.on('error', over);
    child.on('close', over);
    // Either side may be gone before the other; the exit tells.
    for (const stream of [child.stdin, child.stdout]) stream.on('error', () => undefined);
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
    child.stderr.resume();
    socket.on('close', () => child.kill('SIGKILL'));
  }

  /** Keys that are good now, one file for each account. */
  #writeKeys(): void {
    for (const { name } of accountsOf(this.#parts.folder, this.#instance)) {
      const lines = this.#parts.pushedKeys.of(this.#instance.id, name);
      writeFileSync(join(this.#folder, 'keys', name), lines.map((line) => `${line}\n`).join(''));
    }
  }
}

/** Whether a process, or one below it, has the id of an account. */
function runsAs(pid: number, uid: number): boolean {
  try {
    const ids = /^Uid:\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    if (ids?.[1] === String(uid) || ids?.[2] === String(uid)) return true;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return children.some((child) => runsAs(Number(child), uid));
  } catch {
    return false; // it ended meanwhile
  }
}

const sshPort = 22;

/** Lets an sshd listen on the loopback of each instance that is to have one, as far as this machine can run it. */
export function serveSsh(
  world: Pick<World, 'instances'>,
  network: PrivateNetwork,
  parts: SshServerParts,
): readonly SshServer[] {
  return [...world.instances.values()].flatMap((instance) => {
    const server = instance.sshd === true ? SshServer.of(instance, parts) : undefined;
    if (server === undefined) return [];
    network.serveOnLoopback(instance.id, sshPort, (socket) => server.serve(socket));
    return [server];
  });
}
