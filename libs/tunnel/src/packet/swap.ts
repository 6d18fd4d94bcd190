import { transportSum } from './answers.ts';
import { updateChecksum, writeChecksum } from './checksum.ts';
import { PacketView, protocolNumbers } from './packet-view.ts';

/**
 * Exchanges source and destination address in place. Neither the header's checksum nor a transport checksum changes, because both sum the
 * two addresses whatever their order.
 */
export function swapAddresses({ bytes, start, family }: PacketView): void {
  const first = start + (family === 4 ? 12 : 8);
  const width = family === 4 ? 4 : 16;
  for (let at = first; at < first + width; at += 1) {
    const held = bytes[at]!;
    bytes[at] = bytes[at + width]!;
    bytes[at + width] = held;
  }
}

/**
 * Writes a TCP port in place and corrects the checksum. `partial`: the checksum is still to be completed by the device (its field holds the sum of
 * the pseudo header alone), so ports do not count in it.
 */
export function writeTcpPort(
  view: PacketView,
  which: 'source' | 'destination',
  port: number,
  partial: boolean,
): void {
  const { bytes, transport } = view;
  const at = which === 'source' ? transport : transport + 2;
  if (!partial) updateChecksum(bytes, transport + 16, view.word16(at), port);
  bytes[at] = port >>> 8;
  bytes[at + 1] = port & 0xff;
}

/** A copy of a TCP packet on its way back to this machine: addresses exchanged, to another port, its checksum complete whatever it was before. */
export function turnedBack(packet: Uint8Array, port: number): Uint8Array {
  const bytes = packet.slice();
  const view = new PacketView();
  view.read(bytes, 0, bytes.length);
  swapAddresses(view);
  writeTcpPort(view, 'destination', port, true);
  const at = view.transport + 16;
  bytes[at] = 0;
  bytes[at + 1] = 0;
  writeChecksum(bytes, at, transportSum(bytes, view.transport, protocolNumbers.tcp));
  return bytes;
}
