import { Problem } from '@sallyport/problems';
import type { Capture } from './plan.ts';

/** A socket of this machine that waits for others, as the kernel tells it. */
export interface Listener {
  readonly proto: 'tcp' | 'udp';
  readonly version: 4 | 6;
  /** As a number; 0 is every address. */
  readonly address: bigint;
  readonly port: number;
  readonly uid: number;
}

const loopback = { 4: 0x7f00_0001n, 6: 1n } as const;

/**
 * The packet filter keeps other users from the listeners that it leads to, so each must be held by the user who asks: nobody is to close another's service to the
 * others. Refuses HELPER_LISTENER_FOREIGN, naming the first that is not.
 */
export function refuseForeignListeners(
  captures: readonly Capture[],
  uid: number,
  listeners: readonly Listener[],
): void {
  for (const capture of captures) {
    const own = socketsAt(capture, listeners).some(
      (one) => one.uid === uid && one.address === loopback[capture.to.version],
    );
    if (!own) throw foreign(capture, 'is not a listener of the user who asks');
  }
}

/** While a set stands: refuses HELPER_LISTENER_FOREIGN as soon as a listener is another user's alone. That it is gone is the client's own loss. */
export function refuseTakenListeners(
  captures: readonly Capture[],
  uid: number,
  listeners: readonly Listener[],
): void {
  for (const capture of captures) {
    const there = socketsAt(capture, listeners);
    if (there.length > 0 && there.every((one) => one.uid !== uid))
      throw foreign(capture, 'now belongs to another user');
  }
}

/** Sockets that a conversation to the listener may come to: of its own address, or of every one. */
function socketsAt(
  { proto, listener, to: { version } }: Capture,
  listeners: readonly Listener[],
): Listener[] {
  return listeners.filter(
    (one) =>
      one.proto === proto &&
      one.port === listener &&
      (one.address === 0n || (one.version === version && one.address === loopback[version])),
  );
}

function foreign({ proto, listener, to }: Capture, why: string): Problem {
  const address = to.version === 4 ? '127.0.0.1' : '[::1]';
  return new Problem('HELPER_LISTENER_FOREIGN', { detail: `${proto} ${address}:${listener} ${why}.` });
}
