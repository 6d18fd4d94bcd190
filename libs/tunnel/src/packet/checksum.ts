/** The Internet checksum: one's complement sums over 16-bit words (RFC 1071) and their update in place (RFC 1624). */

/** Adds bytes `start..end` as big-endian words to a running sum; an odd last byte counts as the high half of a word. */
export function sum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  let total = initial;
  let at = start;
  // 64 KiB of words sum to less than 2^31, so folding once at the end is enough.
  for (; at + 1 < end; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  if (at < end) total += bytes[at]! << 8;
  return fold(total);
}

/** Folds the carries of a sum back into 16 bits. */
export function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return folded;
}

/** Writes the checksum of what was summed: its complement. */
export function writeChecksum(bytes: Uint8Array, at: number, folded: number): void {
  bytes[at] = (~folded >>> 8) & 0xff;
  bytes[at + 1] = ~folded & 0xff;
}

/** Corrects the checksum at `at` for a word that changed from `before` to `after` (RFC 1624, equation 3). */
export function updateChecksum(bytes: Uint8Array, at: number, before: number, after: number): void {
  const held = (bytes[at]! << 8) | bytes[at + 1]!;
  let total = (~held & 0xffff) + (~before & 0xffff) + after;
  total = (total & 0xffff) + (total >>> 16);
  total = (total & 0xffff) + (total >>> 16);
  writeChecksum(bytes, at, total);
}
