import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connection, Server as SshServer } from 'ssh2';
import { noLog, type Effects } from '@sallyport/effects';
import { systemEffects } from '@sallyport/effects/system';
import type { TunnelEnd } from '../src/index.ts';
import type { PushKey } from '../src/ssh/instance-connect.ts';
import type { SshLease } from '../src/ssh/ssh-lease.ts';
import type { SshReachOptions } from '../src/ssh/ssh-reach.ts';
import ssh2 from 'ssh2';

export const gatewayInstance = 'i-0b5c1d2e3f4a50617';

/** An sshd in this process behind a tunnel that leads straight to it, with knobs for what can go wrong. */
export class SshGateway implements AsyncDisposable {
  /** Lines of the host keys, as a lease names them. */
  readonly hostKeys: string[];
  /** Keys that were pushed, oldest first. */
  readonly pushed: string[] = [];
  /** Keys that sshd honours: by default whatever was pushed last. */
  honours: (publicKey: string) => boolean = (publicKey) => this.pushed.at(-1) === publicKey;
  /** Kinds of key that Instance Connect takes. */
  takes: readonly string[] = ['ssh-ed25519', 'ssh-rsa'];
  /** Where destinations are on this machine; what is not here is refused. */
  readonly destinations = new Map<string, number>();
  /** Instance of the lease, when it is not where the session is. */
  leaseInstance = gatewayInstance;
  readonly connections: Connection[] = [];
  /** Requests for anything but forwarding. */
  readonly otherRequests: string[] = [];
  /** What the tunnel says of itself, where it is not open. */
  tunnel: Partial<SshReachOptions['tunnel']> = {};
  readonly #server: SshServer;
  readonly #ended = Promise.withResolvers<TunnelEnd>();
  readonly #ways = new Set<Duplex>();
  readonly #sockets = new Set<Socket>();
  readonly effects: Effects = systemEffects(noLog);
  #port = 0;

  private constructor() {
    const host = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'sec1', format: 'pem' },
    }).privateKey;
    const parsed = ssh2.utils.parseKey(host);
    if (parsed instanceof Error) throw parsed;
    this.hostKeys = [`ecdsa-sha2-nistp256 ${parsed.getPublicSSH().toString('base64')} web`];
    this.#server = new ssh2.Server({ hostKeys: [host] }, (connection) => this.#serve(connection));
  }

  static async start(): Promise<SshGateway> {
    const gateway = new SshGateway();
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    gateway.#port = (gateway.#server.address() as AddressInfo).port;
    return gateway;
  }

  options(more: Partial<SshReachOptions> = {}): SshReachOptions {
    return {
      tunnel: {
        carry: (local, { placed } = {}) => {
          this.#ways.add(local);
          local.on('close', () => this.#ways.delete(local));
          // Through a socket, since the library does not stand an answer inside the call that sends.
          const socket = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true });
          this.#sockets.add(socket);
          socket.on('error', () => local.destroy());
          local.on('error', () => undefined);
          local.on('close', () => socket.destroy());
          socket.on('close', () => local.destroy());
          local.pipe(socket).pipe(local);
          placed?.(gatewayInstance);
        },
        freshLease: () => Promise.resolve(this.#lease()),
        ended: this.#ended.promise,
        end: undefined,
        state: 'open',
        ...this.tunnel,
      },
      pushKey: this.#push,
      effects: this.effects,
      debug: () => undefined,
      whileDown: 'wait',
      ...more,
    };
  }

  /** The grant is over. */
  over(): void {
    this.#ended.resolve({ reason: 'grant_ended', order: null, problem: null });
  }

  /** Every session of the tunnel breaks. */
  cut(): void {
    for (const way of this.#ways) way.destroy();
  }

  #push: PushKey = async (_lease, publicKey) => {
    if (!this.takes.some((kind) => publicKey.startsWith(kind))) return 'unsupported';
    this.pushed.push(publicKey);
    return 'pushed';
  };

  #lease(): SshLease {
    const ssh = { user: 'ec2-user', port: 22, zone: 'eu-west-1a', hostKeys: this.hostKeys };
    return { instanceId: this.leaseInstance, ssh } as unknown as SshLease;
  }

  #serve(connection: Connection): void {
    this.connections.push(connection);
    connection.on('error', () => undefined);
    connection.on('authentication', (asked) => {
      if (asked.method !== 'publickey') return asked.reject(['publickey']);
      const line = `${asked.key.algo.replace(/^rsa-sha2-\d+$/, 'ssh-rsa')} ${asked.key.data.toString('base64')}`;
      if (this.honours(line)) asked.accept();
      else asked.reject();
    });
    connection.on('session', (_accept, reject) => {
      this.otherRequests.push('session');
      reject();
    });
    connection.on('request', (accept, reject, name) => {
      if ((name as string) !== 'no-more-sessions@openssh.com') this.otherRequests.push(name);
      (accept ?? reject)?.();
    });
    connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const found = this.destinations.get(`${destIP}:${destPort}`);
      if (found === undefined) return reject();
      const socket = connect({ port: found, host: '127.0.0.1', allowHalfOpen: true });
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      void once(socket, 'connect').then(() => {
        const channel = accept();
        channel.on('error', () => socket.destroy());
        channel.pipe(socket).pipe(channel);
        channel.on('close', () => socket.destroy());
        // Not before all is sent: beyond the client's window the library holds it back, and a close would drop it.
        socket.on('close', (failed) => {
          if (failed || channel.writableFinished) channel.close();
          else channel.once('finish', () => channel.close());
        });
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
