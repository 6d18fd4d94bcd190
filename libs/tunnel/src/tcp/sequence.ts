/** Sequence numbers of TCP (RFC 9293, 3.4): 32 bits that wrap; kept unsigned. */

/** How far `later` is ahead of `earlier`; negative when it is behind. */
export const ahead = (later: number, earlier: number): number => (later - earlier) | 0;

export const plus = (sequence: number, bytes: number): number => (sequence + bytes) >>> 0;
