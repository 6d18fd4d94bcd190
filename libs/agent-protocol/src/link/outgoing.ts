import { dataHeader, frameHeader, packedHeader } from '../frame/encode.ts';
import { frameTypes, offsetBytes, type FrameType } from '../frame/frame-type.ts';
import type { LinkStream } from './link-stream.ts';

/** A piece of a stream as it goes out, kept until it is known to have arrived. */
export interface Piece {
  readonly type: FrameType;
  readonly stream: LinkStream;
  /** For data: where it begins, and how long it is in the stream. */
  readonly offset: number;
  readonly plainBytes: number;
  /** Body behind the fixed fields; views of what the writer gave. */
  readonly parts: readonly Uint8Array[];
  readonly bodyBytes: number;
  /** Another carrier was given it as well: nobody can tell when the last has sent it, and its memory is not used again. */
  shared?: boolean;
}

/** What a sent frame needs if its carrier is lost. */
export type Retained =
  | { readonly what: 'piece'; readonly piece: Piece }
  | { readonly what: 'credit'; readonly stream: LinkStream }
  | { readonly what: 'control'; readonly control: Control };

/** A small frame that belongs to no stream's queue. */
export interface Control {
  readonly type: FrameType;
  readonly id: number;
  readonly body: Uint8Array;
  /** Whether it is sent again when its carrier is lost. */
  readonly again: boolean;
}

/** What stands before the parts of a piece. */
export function headerOf(piece: Piece): Uint8Array {
  const { type, stream, offset, plainBytes } = piece;
  if (type === frameTypes.data) return dataHeader(type, stream.id, offset, plainBytes);
  if (type === frameTypes.packed)
    return packedHeader(type, stream.id, offset, plainBytes, piece.bodyBytes - offsetBytes - 3);
  return frameHeader(type, stream.id, piece.bodyBytes);
}
