import { Problem } from '@sallyport/problems';
import { Decrypter } from 'age-encryption';
import { ByteQueue } from './byte-queue.ts';
import { readEvent, readHead, type CastEvent, type CastHead } from './cast.ts';
import {
  beginsWithMagic,
  ChunkOpener,
  headerBytesMax,
  headerLength,
  nonceBytes,
  sealedChunkBytes,
} from './sealed-form.ts';
import { joined } from './shown-text.ts';

/** Where the encrypted file comes from. */
export type RecordingSource =
  Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface OpenRecording {
  readonly head: CastHead;
  /** What was shown, in order; can be gone through once. Refuses with RECORDING_DAMAGED or RECORDING_UNREADABLE where that turns out on the way. */
  readonly events: AsyncGenerator<CastEvent, void>;
  /** Once the events are through: whether its end is there. False: its writer died, or somebody cut it. */
  readonly whole: () => boolean;
}

const lineCharsMax = 1024 * 1024;

/**
 * Opens a recording with the private keys of an auditor. Refuses with RECORDING_KEY_WRONG, RECORDING_UNREADABLE (no recording, or it ends before anything was shown) or
 * RECORDING_DAMAGED. Holds some chunks of 64 KiB and one line in memory, however long it is.
 */
export async function openRecording(
  source: RecordingSource,
  identities: readonly string[],
): Promise<OpenRecording> {
  const decrypter = new Decrypter();
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
  } catch {
    throw new Problem('RECORDING_IDENTITY_INVALID');
  }
  const sealed = new Sealed(new ByteQueue(source), decrypter);
  const lines = linesOf(sealed);
  const first = await lines.next();
  if (first.done === true)
    throw new Problem('RECORDING_UNREADABLE', { detail: 'The recording ends before anything was shown.' });
  const head = readHead(first.value);
  return { head, events: eventsOf(lines), whole: () => sealed.whole };
}

async function* eventsOf(lines: AsyncGenerator<string, void>): AsyncGenerator<CastEvent, void> {
  let atMs = 0;
  for await (const line of lines) {
    const event = line.trim() === '' ? undefined : readEvent(line, atMs);
    if (event === undefined) continue;
    ({ atMs } = event);
    yield event;
  }
}

async function* linesOf(sealed: Sealed): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const chunk of sealed.chunks()) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharsMax)
      throw new Problem('RECORDING_UNREADABLE', { detail: 'A line of the recording has no end.' });
    yield* lines;
  }
  // A line that was cut is none.
  if (sealed.whole && rest !== '') yield rest;
}

/** The plain bytes of an age file that may have been cut, and of the one that may have been joined to it there. */
class Sealed {
  whole = false;
  readonly #from: ByteQueue;
  readonly #decrypter: Decrypter;

  constructor(from: ByteQueue, decrypter: Decrypter) {
    this.#from = from;
    this.#decrypter = decrypter;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const cut = yield* this.#file(true);
    if (cut === 'joined') yield* this.#file(false);
    this.whole = cut === 'whole';
  }

  /** `first`: another may be joined where its next chunk should begin. */
  async *#file(first: boolean): AsyncGenerator<Uint8Array, 'whole' | 'cut' | 'joined'> {
    const opener = await this.#begin();
    if (opener === undefined) return 'cut';
    for (;;) {
      const sealed = await this.#from.read(sealedChunkBytes);
      if (first && beginsWithMagic(sealed)) {
        this.#from.putBack(sealed);
        return 'joined';
      }
      const atEnd = await this.#from.atEnd();
      const last = atEnd ? opener.open(sealed, true) : undefined;
      if (last !== undefined) {
        yield last;
        return 'whole';
      }
      if (sealed.length < sealedChunkBytes) return 'cut';
      const opened = opener.open(sealed, false);
      if (opened === undefined) throw new Problem('RECORDING_DAMAGED');
      yield opened;
      if (atEnd) return 'cut';
    }
  }

  async #begin(): Promise<ChunkOpener | undefined> {
    let header = new Uint8Array();
    let length: number | undefined;
    while (length === undefined) {
      if (header.length > headerBytesMax) throw noRecording();
      const more = await this.#from.read(1024);
      if (more.length === 0) throw noRecording();
      header = joined(header, more) as Uint8Array<ArrayBuffer>;
      if (!beginsWithMagic(header)) throw noRecording();
      length = headerLength(header);
    }
    this.#from.putBack(header.subarray(length));
    const fileKey = await this.#fileKey(header.subarray(0, length));
    const nonce = await this.#from.read(nonceBytes);
    return nonce.length < nonceBytes ? undefined : new ChunkOpener(fileKey, nonce);
  }

  async #fileKey(header: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#decrypter.decryptHeader(header);
    } catch (error) {
      const { message } = error as Error;
      if (/no identity matched/.test(message)) throw new Problem('RECORDING_KEY_WRONG');
      if (/HMAC/.test(message)) throw new Problem('RECORDING_DAMAGED');
      throw noRecording();
    }
  }
}

function noRecording(): Problem {
  return new Problem('RECORDING_UNREADABLE', {
    detail: 'The file is no recording, or not even its beginning is there.',
  });
}
