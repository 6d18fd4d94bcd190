import type { Debug } from '../output/debug.ts';
import type { World } from '../world.ts';
import { uidOfTcpPeer, type TcpEnds } from './tcp-peer.ts';

/** Told when a connection was refused; `uid` is undefined when its owner is not known any more. */
export type Refused = (uid: number | undefined) => void;

/**
 * Judges a connection to a local port before a byte is carried: only the person's own processes may use their tunnel. Taken without question where the
 * system cannot tell, and on a listener that is open to other machines by the person's own word.
 */
export function admissionFor(
  { uid: own }: Pick<World, 'uid'>,
  refused: Refused,
  debug: Debug,
  peer: (ends: TcpEnds) => Promise<number | 'gone' | undefined> = uidOfTcpPeer,
): (ends: TcpEnds) => Promise<boolean> {
  return async (ends) => {
    if (own === undefined || !isLoopbackAddress(ends.localAddress)) return true;
    const uid = await peer(ends);
    if (uid === undefined || uid === own) return true;
    debug('peer', { refused: true, uid });
    refused(uid === 'gone' ? undefined : uid);
    return false;
  };
}

function isLoopbackAddress(address = ''): boolean {
  return /^(?:::ffff:)?127\./iu.test(address) || address === '::1';
}
