import type { PacketDevice } from '@sallyport/agent';
import { addressText, PacketView } from '@sallyport/tunnel';
import type { PrivateNetwork } from '../instances/private-network.ts';

/** As the agent's installer gives its device. */
const addresses = ['100.127.255.2', 'fd73:616c:6c79::2'];

/**
 * The device for whole packets of the companion agent on an instance, and the network behind it: hosts send back what comes by the protocols that they mirror; everything
 * else gets no answer.
 */
export function companionPackets(network: PrivateNetwork): PacketDevice {
  let received: (packet: Uint8Array) => void = () => undefined;
  const view = new PacketView();
  return {
    addresses,
    send: (packet) => {
      if (view.read(packet, 0, packet.length) !== '') return false;
      if (network.mirrors(addressText(view.destinationBytes()), view.protocol)) {
        const answer = turnedBack(view);
        // An answer comes after the question went.
        setImmediate(() => received(answer));
      }
      return true;
    },
    receive: (to) => (received = to),
  };
}

/** The packet on its way back. Checksums are sums: they hold whichever address comes first. */
function turnedBack(view: PacketView): Uint8Array {
  const answer = view.copy();
  const [from, bytes] = view.family === 4 ? [12, 4] : [8, 16];
  answer.set(view.destinationBytes(), from);
  answer.set(view.sourceBytes(), from + bytes);
  return answer;
}
