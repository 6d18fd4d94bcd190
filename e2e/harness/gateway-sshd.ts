import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from './namespaces.ts';

/** What an sshd of a test is to be like. */
export interface SshdWish {
  /** `host:port` that it forwards to; everything when left out. */
  readonly permitOpen?: readonly string[];
  /** Changes keys after so many bytes. */
  readonly rekeyAfter?: string;
  /** What was pushed for a user: lines of an authorized_keys file. */
  readonly pushedKeys: (user: string) => Promise<readonly string[]>;
  /** The network that it is in; that of this machine when left out. */
  readonly at?: Namespace;
  /** A host that people sign in to, with a shell, sftp and a home folder; otherwise it forwards and does nothing else. */
  readonly shells?: boolean;
}

/**
 * Debian's OpenSSH server as the sshd of a gateway: one `sshd -i` for each connection to a Unix socket, its own configuration and host key, nothing of the
 * machine's own sshd. It asks for pushed keys as a host with Instance Connect does, by AuthorizedKeysCommand. As root it runs in a mount namespace where a user
 * `jit-forward` exists; otherwise its one user is the one who runs the tests.
 */
export class GatewaySshd {
  readonly user: string;
  readonly socketPath: string;
  readonly #folder: string;
  readonly #doors: readonly (Server | HttpServer)[];
  readonly #children = new Set<ChildProcess>();

  private constructor(folder: string, user: string, doors: readonly (Server | HttpServer)[]) {
    this.#folder = folder;
    this.user = user;
    this.#doors = doors;
    this.socketPath = join(folder, 'sshd.sock');
  }

  static async start(wish: SshdWish): Promise<GatewaySshd> {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-sshd-'));
    chmodSync(folder, 0o711);
    const user = !asRoot ? userInfo().username : wish.shells ? 'web-ops' : 'jit-forward';
    makeHostKey(folder);
    const keys = await keysDoor(join(folder, 'keys.sock'), wish.pushedKeys);
    writeFileSync(join(folder, 'sshd_config'), configuration(folder, user, wish));
    if (asRoot) writeUsers(folder, user, wish);
    const door = createServer();
    const sshd = new GatewaySshd(folder, user, [keys, door]);
    door.on('connection', (socket) => {
      const [program = '', ...args] = sshd.#command(wish.at);
      const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
      sshd.#children.add(child);
      child.on('exit', () => {
        sshd.#children.delete(child);
        socket.destroy();
      });
      // Either side may be gone before the other; the exit tells.
      for (const stream of [socket, child.stdin, child.stdout]) stream.on('error', () => undefined);
      socket.pipe(child.stdin);
      child.stdout.pipe(socket);
      child.stderr.resume();
      socket.on('close', () => child.stdin.destroy());
    });
    door.listen(sshd.socketPath);
    await once(door, 'listening');
    return sshd;
  }

  /** Where people who sign in are, where they can. */
  get home(): string {
    return asRoot ? join(this.#folder, 'home') : userInfo().homedir;
  }

  /** Connections that it serves now. */
  get serving(): number {
    return this.#children.size;
  }

  /** The public host key, as a lease names it. */
  get hostKey(): string {
    return readFileSync(join(this.#folder, 'host_key.pub'), 'utf8').trim();
  }

  /** Makes another host key: the next connection shows it. */
  changeHostKey(): void {
    rmSync(join(this.#folder, 'host_key'));
    rmSync(join(this.#folder, 'host_key.pub'));
    makeHostKey(this.#folder);
  }

  async stop(): Promise<void> {
    for (const door of this.#doors) door.close();
    await Promise.all(
      [...this.#children].map(async (child) => {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }),
    );
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #command(at: Namespace | undefined): string[] {
    const plain = ['-i', '-e', '-f', join(this.#folder, 'sshd_config')];
    if (!asRoot) return [sshdProgram, ...plain];
    const folder = this.#folder;
    const prepare = [
      `mount --bind ${folder}/passwd /etc/passwd`,
      `mount --bind ${folder}/shadow /etc/shadow`,
      'mount -t tmpfs -o mode=755 none /run/sshd 2>/dev/null || { mount -t tmpfs -o mode=755 none /run && mkdir -m 755 /run/sshd; }',
      `exec ${sshdProgram} ${plain.join(' ')}`,
    ].join(' && ');
    const inside = at === undefined ? [] : ['ip', 'netns', 'exec', at.name];
    return [...inside, 'unshare', '--mount', '--kill-child', 'sh', '-c', prepare];
  }
}

const sshdProgram = '/usr/sbin/sshd';
const asRoot = process.getuid?.() === 0;
const uid = 64_123;

function makeHostKey(folder: string): void {
  const made = spawnSync('ssh-keygen', [
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    '',
    '-f',
    join(folder, 'host_key'),
  ]);
  if (made.status !== 0) throw new Error(`ssh-keygen: ${String(made.stderr)}`);
}

function configuration(folder: string, user: string, { permitOpen, rekeyAfter, shells }: SshdWish): string {
  return [
    `HostKey ${folder}/host_key`,
    'PidFile none',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'AuthorizedKeysFile none',
    // sshd takes no command that others could have written, so it is the system's curl, over a socket of this folder.
    `AuthorizedKeysCommand /usr/bin/curl -sf --max-time 20 --unix-socket ${folder}/keys.sock http://localhost/%u`,
    `AuthorizedKeysCommandUser ${asRoot ? 'root' : user}`,
    `AllowUsers ${user}`,
    'AllowTcpForwarding local',
    `AllowAgentForwarding ${shells ? 'yes' : 'no'}`,
    'X11Forwarding no',
    ...(shells
      ? ['Subsystem sftp internal-sftp', 'LogLevel ERROR']
      : ['PermitTTY no', 'ForceCommand /bin/false']),
    `PermitOpen ${permitOpen?.join(' ') ?? 'any'}`,
    ...(rekeyAfter === undefined ? [] : [`RekeyLimit ${rekeyAfter}`]),
    '',
  ].join('\n');
}

/** The machine's users and one more, who signs in by key; unless there are shells that is all they can do. */
function writeUsers(folder: string, user: string, { shells }: SshdWish): void {
  const passwd = readFileSync('/etc/passwd', 'utf8');
  const home = join(folder, 'home');
  if (shells) {
    mkdirSync(home, { mode: 0o755 });
    chownSync(home, uid, uid);
  }
  const account = shells ? `${home}:/bin/sh` : '/:/usr/sbin/nologin';
  writeFileSync(join(folder, 'passwd'), `${passwd}${user}:x:${uid}:${uid}::${account}\n`);
  writeFileSync(join(folder, 'shadow'), `root:*:1::::::\n${user}:*:1::::::\n`, { mode: 0o600 });
  mkdirSync(join(folder, 'run'), { recursive: true });
}

/** Answers `GET /USER` with the keys that were pushed for the user. */
async function keysDoor(path: string, pushedKeys: SshdWish['pushedKeys']): Promise<HttpServer> {
  const door = createHttpServer((request, response) => {
    pushedKeys((request.url ?? '/').slice(1)).then(
      (keys) => response.end(`${keys.join('\n')}\n`),
      () => response.writeHead(500).end(),
    );
  });
  door.listen(path);
  await once(door, 'listening');
  return door;
}
