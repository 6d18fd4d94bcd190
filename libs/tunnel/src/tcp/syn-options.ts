import type { PacketView } from '../packet/packet-view.ts';

/** What a SYN offers (RFC 9293 3.1, RFC 7323 2). */
export interface SynOptions {
  /** Greatest payload that its sender takes in one segment. */
  readonly mss: number;
  /** By how many bits its later windows are shifted; undefined: it knows no scaling. */
  readonly scale: number | undefined;
}

const kinds = { end: 0, nothing: 1, mss: 2, scale: 3 } as const;
const mssLeft: Record<4 | 6, number> = { 4: 536, 6: 1220 };
/** RFC 7323: a greater shift is read as this. */
const scaleMax = 14;

/** Reads the options of a SYN. What is cut off or makes no sense is taken as left out. */
export function readSynOptions(view: PacketView): SynOptions {
  const { bytes, transport, family } = view;
  const end = transport + (bytes[transport + 12]! >>> 4) * 4;
  let mss = mssLeft[family];
  let scale: number | undefined;
  for (let at = transport + 20; at < end;) {
    const kind = bytes[at]!;
    if (kind === kinds.end) break;
    if (kind === kinds.nothing) {
      at += 1;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1]! : 0;
    if (length < 2 || at + length > end) break;
    if (kind === kinds.mss && length === 4 && view.word16(at + 2) > 0) mss = view.word16(at + 2);
    if (kind === kinds.scale && length === 3) scale = Math.min(scaleMax, bytes[at + 2]!);
    at += length;
  }
  return { mss, scale };
}

/** The options of the SYN-ACK, four bytes each: MSS, and the scale where the other side offered one. */
export function writeSynOptions(bytes: Uint8Array, at: number, mss: number, scale: number | undefined): void {
  bytes.set([kinds.mss, 4, mss >>> 8, mss & 0xff], at);
  if (scale !== undefined) bytes.set([kinds.nothing, kinds.scale, 3, scale], at + 4);
}

/** Bytes that {@link writeSynOptions} fills. */
export const synOptionsLength = (scale: number | undefined): number => (scale === undefined ? 4 : 8);
