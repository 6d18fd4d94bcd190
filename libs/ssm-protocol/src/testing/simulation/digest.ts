/**
 * Stands in for SHA-256 where a simulation runs millions of messages: 32 bytes that depend on the length and on some of the bytes.
 * Paths of simulations lose and repeat frames but do not change them, so nothing rests on it.
 */
export function digestForSimulations(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(32);
  let mixed = Math.imul(bytes.length, 0x9e3779b1);
  const step = Math.max(1, bytes.length >> 4);
  for (let at = 0; at < bytes.length; at += step) mixed = Math.imul(mixed ^ bytes[at]!, 0x01000193);
  for (let at = 0; at < 4; at += 1) digest[at] = mixed >>> (at * 8);
  return digest;
}
