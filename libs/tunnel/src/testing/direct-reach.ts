import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { Problem, type ProblemCode } from '@sallyport/problems';
import type { Carried, Destination, NameAnswer, Reach } from '../reach/reach.ts';

export interface DirectReachSettings {
  readonly carries: readonly Carried[];
  /** From the address that a program used to the one that is dialled. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

const codes: Readonly<Record<string, ProblemCode>> = {
  ECONNREFUSED: 'FLOW_REFUSED',
  EHOSTUNREACH: 'FLOW_UNREACHABLE',
  ENETUNREACH: 'FLOW_UNREACHABLE',
  ETIMEDOUT: 'FLOW_TIMED_OUT',
};

/** A reach that dials by itself, for tests of the packet side: no session, no agent. Echo requests to a known address answer themselves. */
export function directReach({ carries, addresses, names = {} }: DirectReachSettings): Reach {
  const real = ({ address }: Destination) => {
    const found = addresses[address];
    if (found === undefined) throw new Problem('FLOW_UNREACHABLE');
    return found;
  };
  return {
    carries: new Set(carries),
    async openTcp(to, signal) {
      const socket = connect({ host: real(to), port: to.port, allowHalfOpen: true, noDelay: true });
      const give = () => socket.destroy();
      signal.addEventListener('abort', give, { once: true });
      return new Promise((resolve, reject) => {
        socket.once('connect', () => {
          signal.removeEventListener('abort', give);
          resolve(socket);
        });
        socket.once('error', (error: NodeJS.ErrnoException) =>
          reject(new Problem(codes[error.code ?? ''] ?? 'FLOW_UNREACHABLE', { cause: error })),
        );
        socket.once('close', () => reject(new Problem('FLOW_TIMED_OUT')));
      });
    },
    openUdp(to, received, ended) {
      const host = real(to);
      const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
      socket.on('message', received);
      socket.on('error', () => ended('FLOW_REFUSED'));
      socket.connect(to.port, host);
      const early: Uint8Array[] = [];
      let ready = false;
      socket.once('connect', () => {
        ready = true;
        for (const datagram of early.splice(0)) socket.send(datagram);
      });
      return {
        send: (datagram) => void (ready ? socket.send(datagram) : early.push(datagram.slice())),
        close: () => void socket.close(),
      };
    },
    async echo(address, payload) {
      real({ address, port: 0 });
      return payload.slice();
    },
    async resolve(name, type): Promise<NameAnswer> {
      const found = names[name];
      if (found === undefined) return { code: 'NXDOMAIN', addresses: [], ttlSeconds: 5 };
      const fits = found.filter((address) => address.includes(':') === (type === 'AAAA'));
      return { code: 'NOERROR', addresses: fits, ttlSeconds: 30 };
    },
  };
}
