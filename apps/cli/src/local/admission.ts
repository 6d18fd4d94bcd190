import type { Debug } from '../output/debug.ts';
import type { World } from '../world.ts';
import type { Socket } from 'node:net';
import { uidOfLocalPeer } from './local-peer.ts';
import { uidOfTcpPeer, type TcpEnds } from './tcp-peer.ts';

/** Told when a connection of another user was refused. */
export type Refused = (uid: number) => void;

/**
 * Judges a connection to a local port before a byte is carried: only the person's own processes may use their tunnel. Taken without question where the
 * system cannot tell, and on a listener that is open to other machines by the person's own word.
 */
export function admissionFor(
  { uid: own }: Pick<World, 'uid'>,
  refused: Refused,
  debug: Debug,
  peer: (ends: TcpEnds) => Promise<number | 'gone' | undefined> = uidOfTcpPeer,
): (socket: Socket) => Promise<boolean> {
  return async (socket) => {
    const { localAddress } = socket;
    if (own === undefined || (localAddress !== undefined && !isLoopbackAddress(localAddress))) return true;
    // Without an address it is a Unix socket, or a connection that is gone again, of which the kernel tells nobody's id.
    const uid = localAddress === undefined ? await uidOfLocalPeer(socket) : await peer(socket);
    if (uid === undefined || uid === own) return true;
    debug('peer', { refused: true, uid });
    // One that closed at once may have been a look whether the port is open; nobody has to hear of it.
    if (uid !== 'gone') refused(uid);
    return false;
  };
}

function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127\./iu.test(address) || address === '::1';
}
