import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { DatagramFlow } from '@sallyport/tunnel';
import { problemOf } from './dial-tcp.ts';

/** Datagrams that wait for the socket to be ready; more are dropped. */
const waitingMax = 64;

/**
 * One connected socket per conversation: the kernel then hands over datagrams of this destination only, and tells when nobody listens there
 * (FLOW_REFUSED).
 */
export function openUdp(
  address: string,
  port: number,
  received: (datagram: Uint8Array) => void,
  ended: (code: string) => void,
): DatagramFlow {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
  let state: 'opening' | 'open' | 'closed' = 'opening';
  const waiting: Uint8Array[] = [];
  const close = () => {
    if (state === 'closed') return;
    state = 'closed';
    waiting.length = 0;
    socket.close();
  };
  const failed = (cause: unknown) => {
    if (state === 'closed') return;
    close();
    ended(problemOf(cause).code);
  };
  const send = (datagram: Uint8Array) => {
    socket.send(datagram, (error) => {
      // Too large for the way, or refused: the first is that datagram's own fate, the second ends the conversation.
      if (error !== null && (error as NodeJS.ErrnoException).code !== 'EMSGSIZE') failed(error);
    });
  };
  socket.on('message', (datagram) => {
    if (state === 'open') received(datagram);
  });
  socket.on('error', failed);
  socket.once('connect', () => {
    if (state === 'closed') return;
    state = 'open';
    for (const datagram of waiting.splice(0)) send(datagram);
  });
  socket.connect(port, address);
  return {
    send(datagram) {
      if (state === 'open') send(datagram);
      else if (state === 'opening' && waiting.length < waitingMax) waiting.push(datagram);
    },
    close,
  };
}
