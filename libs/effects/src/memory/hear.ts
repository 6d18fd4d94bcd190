import { SlabReader } from './slabs.ts';

/** A connection of Node as far as it is needed here. */
export interface Heard {
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  once(event: 'close', listener: () => void): unknown;
  isPaused(): boolean;
  readonly destroyed: boolean;
  readonly readableLength: number;
}

/** What a source brings before it gets memory that is used again: small talk needs none. */
const bulkyBytes = 128 * 1024;
/** Connections at once that have it: each keeps 256 KiB for as long as it is open, even when it has fallen silent. Others are read as ever. */
export const slabReadersMax = 256;
let readers = 0;

/**
 * Hears what a connection brings. Once it has brought much, what it brings is lent (see {@link giveBack}), and `take` must either give it back when nobody
 * reads it any more, or hand it to somebody who does. A stream that is no connection of Node's own is heard as ever.
 */
export function hear(source: Heard, take: (bytes: Uint8Array) => void): void {
  let brought = 0;
  let asked = false;
  source.on('data', (bytes) => {
    take(bytes);
    brought += bytes.length;
    if (asked || brought < bulkyBytes) return;
    asked = true;
    // Not in the middle of a read, and not while something waits in the stream, which would come too late.
    setImmediate(() => {
      // Asked once more where it may yet be done, and never again of a stream that is no connection of Node's own.
      const later = source.isPaused() || source.readableLength > 0;
      asked = source.destroyed || (!later && readInto(source, take) !== 'later');
    });
  });
}

type Handle = { useUserBuffer?: (buffer: Uint8Array) => void };

/**
 * Has a connection read into slabs: what the option `onread` of `net.connect` does, for connections that were accepted as well, which have no such option. `never` for
 * other streams, and where this Node does it in another way; `later` while it has no handle. Then nothing is changed.
 */
function readInto(source: Heard, take: (bytes: Uint8Array) => void): 'read' | 'later' | 'never' {
  const symbols = Object.getOwnPropertySymbols(source);
  const named = (name: string) => symbols.find(({ description }) => description === name);
  const [buffer, next, callback] = [named('kBuffer'), named('kBufferGen'), named('kBufferCb')];
  const held = source as unknown as Record<symbol, unknown> & { readonly _handle?: Handle | null };
  const handle = held._handle;
  if (buffer === undefined || next === undefined || callback === undefined) return 'never';
  if (handle === null || handle === undefined) return 'later';
  if (held[buffer] !== null || typeof handle.useUserBuffer !== 'function') return 'never';
  if (readers >= slabReadersMax) return 'never';
  readers += 1;
  const reader = new SlabReader();
  const first = reader.room();
  held[next] = () => reader.room();
  held[callback] = (length: number) => {
    take(reader.take(length));
    return true;
  };
  held[buffer] = first;
  handle.useUserBuffer(first);
  source.once('close', () => {
    readers -= 1;
    reader.close();
  });
  return 'read';
}
