import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Log } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { parseAddress, textOf } from '../addresses.ts';

/** Sends ICMP echoes; how depends on what the machine lets an unprivileged process do. */
export interface Pinger {
  /** `sockets`: the payload travels and comes back. `program`: each echo is one run of the system's ping. */
  readonly how: 'sockets' | 'program';
  echo(address: string, payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  close(): void;
}

/** Processes of ping at once; more wait by being refused. */
const programsMax = 32;
/** What ICMP over IPv4 can carry beside its headers. */
const payloadBytesMax = 65_507 - 8;

/**
 * Ping sockets (`SOCK_DGRAM` with `IPPROTO_ICMP`) where the group is inside `net.ipv4.ping_group_range` and native calls can be loaded, else
 * the program `ping`.
 */
export async function openPinger(log: Log): Promise<Pinger> {
  const v4 = await pingSocket(4);
  if (v4 === undefined) {
    log.write('info', 'no ping sockets for this group; echoes are sent by the program ping');
    return programPinger();
  }
  const v6 = await pingSocket(6);
  return {
    how: 'sockets',
    echo: (address, payload, signal) => {
      const socket = isIPv6(address) ? v6 : v4;
      if (socket === undefined || payload.length > payloadBytesMax)
        return Promise.reject(new Problem('FLOW_UNREACHABLE'));
      return socket.echo(address, payload, signal);
    },
    close: () => {
      v4.close();
      v6?.close();
    },
  };
}

interface PingSocket {
  echo(address: string, payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  close(): void;
}

/** Linux: domain, then `SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC`, then the ICMP of the family. */
const families = {
  4: { domain: 2, protocol: 1, type: 'udp4', request: 8, reply: 0 },
  6: { domain: 10, protocol: 58, type: 'udp6', request: 128, reply: 129 },
} as const;
const datagramNonblockingCloexec = 0o2004002;

async function pingSocket(version: 4 | 6): Promise<PingSocket | undefined> {
  if (process.platform !== 'linux') return undefined;
  const family = families[version];
  const fd = await openFd(family.domain, family.protocol);
  if (fd === undefined || fd < 0) return undefined;
  const socket = await bound(family.type, fd);
  if (socket === undefined) return undefined;
  return speak(socket, family);
}

async function openFd(domain: number, protocol: number): Promise<number | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const open = koffi.load(null).func('int socket(int, int, int)') as (
      ...of: [number, number, number]
    ) => number;
    return open(domain, datagramNonblockingCloexec, protocol);
  } catch {
    return undefined; // not installed for this kind of machine, or a single executable: the program does it
  }
}

function bound(type: 'udp4' | 'udp6', fd: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type });
    socket.once('error', () => resolve(undefined));
    socket.bind({ fd }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

function speak(socket: Socket, family: (typeof families)[4 | 6]): PingSocket {
  const waiting = new Map<number, { address: string; resolve(payload: Uint8Array): void }>();
  let sequence = 0;
  socket.unref();
  // An error report of an earlier echo concerns nobody any more; its waiter times out.
  socket.on('error', () => undefined);
  socket.on('message', (message, { address }) => {
    if (message.length < 8 || message[0] !== family.reply) return;
    // The kernel put its own id in; the sequence is ours.
    const number = message.readUInt16BE(6);
    const waiter = waiting.get(number);
    if (waiter === undefined || waiter.address !== canonical(address)) return;
    waiting.delete(number);
    waiter.resolve(message.subarray(8));
  });
  return {
    close: () => socket.close(),
    echo: (address, payload, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(asProblem(signal.reason));
        sequence = (sequence + 1) % 65_536;
        const number = sequence;
        if (waiting.has(number)) return reject(new Problem('FLOW_LIMITED'));
        const aborted = () => {
          waiting.delete(number);
          reject(asProblem(signal.reason));
        };
        signal.addEventListener('abort', aborted, { once: true });
        waiting.set(number, {
          address: canonical(address),
          resolve: (reply) => {
            signal.removeEventListener('abort', aborted);
            resolve(reply);
          },
        });
        // The checksum and the id are the kernel's; the port means nothing but must be one.
        const request = Buffer.alloc(8 + payload.length);
        request[0] = family.request;
        request.writeUInt16BE(number, 6);
        request.set(payload, 8);
        socket.send(request, 1, address, (error) => {
          if (error === null) return;
          waiting.delete(number);
          signal.removeEventListener('abort', aborted);
          reject(new Problem('FLOW_UNREACHABLE', { cause: error }));
        });
      }),
  };
}

function canonical(address: string): string {
  const parsed = parseAddress(address.split('%')[0] ?? '');
  return parsed === undefined ? address : textOf(parsed);
}

function asProblem(reason: unknown): Problem {
  return reason instanceof Problem ? reason : new Problem('FLOW_TIMED_OUT', { cause: reason });
}

/** One run of `ping` for each echo: the answer's payload is the question's, since the program tells only that it came. */
function programPinger(): Pinger {
  let running = 0;
  return {
    how: 'program',
    close: () => undefined,
    echo: (address, payload, signal) =>
      new Promise((resolve, reject) => {
        if (running >= programsMax) return reject(new Problem('FLOW_LIMITED'));
        if (signal.aborted) return reject(asProblem(signal.reason));
        const size = String(Math.min(payload.length, payloadBytesMax));
        const family = isIPv6(address) ? '-6' : '-4';
        const child = spawn('ping', [family, '-n', '-q', '-c', '1', '-W', '5', '-s', size, '--', address], {
          stdio: 'ignore',
          env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
        });
        running += 1;
        const aborted = () => child.kill('SIGKILL');
        signal.addEventListener('abort', aborted, { once: true });
        let missing: unknown;
        child.once('error', (cause) => (missing = cause));
        child.once('close', (status) => {
          running -= 1;
          signal.removeEventListener('abort', aborted);
          if (signal.aborted) reject(asProblem(signal.reason));
          else if (status === 0) resolve(payload);
          else reject(new Problem(status === 1 ? 'FLOW_TIMED_OUT' : 'FLOW_UNREACHABLE', { cause: missing }));
        });
      }),
  };
}
