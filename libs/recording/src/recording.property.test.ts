import fc from 'fast-check';
import { Encrypter } from 'age-encryption';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  bytesOf,
  generateKey,
  isRecipient,
  joinedLength,
  openRecording,
  RecordingWriter,
  ShownText,
  type CastEvent,
} from './index.ts';
import { castLine, headLine } from './cast.ts';
import { joined } from './shown-text.ts';
import { MemorySink } from './testing/memory-sink.ts';

let auditor: { recipient: string; identity: string };
beforeAll(async () => {
  auditor = await generateKey();
});

const head = { width: 80, height: 24, timestamp: 1_700_000_000 };

async function written(events: readonly Uint8Array[], checkpoints = false): Promise<MemorySink> {
  const sink = new MemorySink();
  const writer = await RecordingWriter.begin([auditor.recipient], head, sink);
  for (const [index, bytes] of events.entries()) {
    writer.output(bytes, index * 10);
    if (checkpoints) await writer.checkpoint();
  }
  await writer.end(events.length * 10);
  return sink;
}

async function readBack(file: Uint8Array, identity = auditor.identity) {
  const recording = await openRecording(file, [identity]);
  const events: CastEvent[] = [];
  for await (const event of recording.events) events.push(event);
  const shown = joined(...events.map((event) => (event.kind === 'output' ? event.bytes : new Uint8Array())));
  return { head: recording.head, events, shown, whole: recording.whole() };
}

/** Text and noise, in pieces that cut characters anywhere. */
const output = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 40 }).map((text) => new TextEncoder().encode(text)),
    fc.constantFrom(
      ...['\ufeff', 'ä', '\u001b[2J', '漢字', '😀'].flatMap((text) => {
        const bytes = new TextEncoder().encode(text);
        return [bytes, bytes.subarray(0, 1), bytes.subarray(1)];
      }),
    ),
  ),
  { maxLength: 30 },
);

describe('what was shown', () => {
  it('is text and back, byte for byte, however it was cut', () => {
    fc.assert(
      fc.property(output, (pieces) => {
        const text = new ShownText();
        const parts = [...pieces.map((piece) => text.take(piece)), text.rest()];
        const through = parts.map((part) => JSON.parse(JSON.stringify(part)) as string);
        expect(joined(...through.map(bytesOf))).toEqual(joined(...pieces));
      }),
      { numRuns: 500 },
    );
  });

  it('comes back from the encrypted file, with sizes and times in order', async () => {
    await fc.assert(
      fc.asyncProperty(output, async (pieces) => {
        const { file } = await written(pieces);
        const back = await readBack(file);
        expect(back).toMatchObject({ whole: true, head });
        expect(back.shown).toEqual(joined(...pieces));
        expect(back.events.every(({ atMs }, index) => atMs >= (back.events[index - 1]?.atMs ?? 0))).toBe(
          true,
        );
      }),
      { numRuns: 30 },
    );
  });

  it('is asciicast of version 2 inside, which other players read', async () => {
    const sink = new MemorySink();
    const writer = await RecordingWriter.begin([auditor.recipient], { ...head, title: 'web-1' }, sink);
    writer.output(new TextEncoder().encode('grüß\r\n'), 12.5);
    writer.resize({ cols: 100, rows: 30 }, 1_500);
    await writer.end(2_000);
    const { Decrypter } = await import('age-encryption');
    const decrypter = new Decrypter();
    decrypter.addIdentity(auditor.identity);
    expect(await decrypter.decrypt(sink.file, 'text')).toBe(
      '{"version":2,"width":80,"height":24,"timestamp":1700000000,"title":"web-1"}\n' +
        '[0.012500, "o", "grüß\\r\\n"]\n[1.500000, "r", "100x30"]\n',
    );
  });
});

describe('a file that was cut', () => {
  const line = new TextEncoder().encode(`${'0123456789'.repeat(200)}\r\n`);
  const pieces = Array.from({ length: 100 }, () => line);

  it('at any byte gives its whole chunks and says that its end is missing', async () => {
    const { file } = await written(pieces);
    const all = joined(...pieces);
    const payload = file.length - joinedLength(file, file.length)!.chunks * 65_552;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: file.length - 1 }), async (length) => {
        const chunks = Math.floor((length - headerBytes(file)) / 65_552);
        if (chunks < 1) {
          const refused = readBack(file.subarray(0, length));
          return void (await expect(refused).rejects.toMatchObject({ code: 'RECORDING_UNREADABLE' }));
        }
        const back = await readBack(file.subarray(0, length));
        expect(back.whole).toBe(false);
        // Half a line is left out; the lines are shorter than 3 KB.
        expect(back.shown.length).toBeGreaterThan(chunks * 60_000);
        expect(all.subarray(0, back.shown.length)).toEqual(back.shown);
      }),
      { numRuns: 40, examples: [[file.length - 1], [payload], [headerBytes(file) + 65_552], [0], [20]] },
    );
  });

  it('goes on with what was kept beside it: nothing that was checkpointed is lost to a crash', async () => {
    for (const count of [1, 20, 60]) {
      const sink = new MemorySink();
      const writer = await RecordingWriter.begin([auditor.recipient], head, sink);
      for (const [index, bytes] of pieces.slice(0, count).entries()) writer.output(bytes, index);
      await sink.settled();
      await writer.checkpoint();
      writer.output(line, 10_000);
      // Killed here, in the middle of a write.
      const main = joined(sink.file, Uint8Array.of(1, 2, 3));
      const cut = joinedLength(main.subarray(0, 1_000), main.length)!;
      expect(sink.beside?.chunks).toBe(cut.chunks);
      const back = await readBack(joined(main.subarray(0, cut.bytes), sink.beside!.bytes));
      expect(back.whole).toBe(false);
      expect(back.shown).toEqual(joined(...pieces.slice(0, count)));
    }
  });

  it('has nothing beside it once it ended in order', async () => {
    const sink = await written(pieces, true);
    expect(sink.beside).toBeNull();
    expect((await readBack(sink.file)).whole).toBe(true);
  });
});

describe('hostile input', () => {
  it('is refused with a code, whatever it is', async () => {
    const { file } = await written([new Uint8Array(100_000).fill(97)]);
    const codes = ['RECORDING_UNREADABLE', 'RECORDING_DAMAGED', 'RECORDING_KEY_WRONG'];
    const coded = async (bytes: Uint8Array) => {
      try {
        return await readBack(bytes);
      } catch (error) {
        expect(codes).toContain((error as { code?: string }).code);
        return undefined;
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Uint8Array.from(file);
        changed[at]! ^= change;
        const back = await coded(changed);
        // What cannot be told from a cut is called one; never is something else shown.
        if (back) expect(back.whole).toBe(false);
      }),
      { numRuns: 60 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), async (bytes) => {
        expect(await coded(bytes)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it('that was sealed to the auditors in earnest is refused too', async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(auditor.recipient);
    const seal = async (text: string) => encrypter.encrypt(text);
    const foreign = ['', 'no JSON', '{"version":1,"width":80,"height":24,"timestamp":0}', '[]', 'null'];
    const bad = [
      { ...head, width: 0 },
      { ...head, height: 1e9 },
      { ...head, timestamp: -1 },
    ].map(headLine);
    for (const text of [...foreign, ...bad, `${headLine(head)}{}\n`, `${headLine(head)}["0","o","x"]\n`])
      await expect(readBack(await seal(text)), text).rejects.toMatchObject({ code: 'RECORDING_UNREADABLE' });
    const endless = `${headLine(head)}[1, "o", "${'x'.repeat(3_000_000)}`;
    await expect(readBack(await seal(endless))).rejects.toMatchObject({ code: 'RECORDING_UNREADABLE' });
    const odd = `${headLine(head)}${castLine(5, 'o', 'a')}[1, "o", "b"]\n[2, "i", "secret"]\n[3, "r", "0x0"]\n\n`;
    const { events } = await readBack(await seal(odd));
    expect(events.map(({ kind }) => kind)).toEqual(['output', 'output']);
  });

  it('does not make the reader hold more than some chunks', async () => {
    let given = 0;
    const { file } = await written(Array.from({ length: 400 }, () => new Uint8Array(10_000).fill(98)));
    function* slowly() {
      for (let at = 0; at < file.length; at += 1_000) {
        given += 1_000;
        yield file.subarray(at, at + 1_000);
      }
    }
    const { events } = await openRecording(slowly(), [auditor.identity]);
    let shown = 0;
    for await (const event of events) {
      if (event.kind === 'output') shown += event.bytes.length;
      expect(given - shown).toBeLessThan(300_000);
    }
    expect(shown).toBe(4_000_000);
  });
});

describe('keys', () => {
  it('of others open nothing', async () => {
    const { file } = await written([Uint8Array.of(97)]);
    const other = await generateKey();
    await expect(readBack(file, other.identity)).rejects.toMatchObject({ code: 'RECORDING_KEY_WRONG' });
    await expect(readBack(file, 'AGE-SECRET-KEY-1XYZ')).rejects.toMatchObject({
      code: 'RECORDING_IDENTITY_INVALID',
    });
  });

  it('of any of several auditors open it', async () => {
    const other = await generateKey();
    const sink = new MemorySink();
    const writer = await RecordingWriter.begin([auditor.recipient, other.recipient], head, sink);
    writer.output(new TextEncoder().encode('for both'), 1);
    await writer.end(2);
    for (const { identity } of [auditor, other])
      expect(new TextDecoder().decode((await readBack(sink.file, identity)).shown)).toBe('for both');
  });

  it('are recognised by their check sum', async () => {
    expect(isRecipient(auditor.recipient)).toBe(true);
    const last = auditor.recipient.at(-1) === 'q' ? 'p' : 'q';
    for (const wrong of ['', 'age1', `${auditor.recipient.slice(0, -1)}${last}`, auditor.identity]) {
      expect(isRecipient(wrong)).toBe(false);
      const begun = RecordingWriter.begin([wrong], head, new MemorySink());
      await expect(begun).rejects.toMatchObject({ code: 'RECORDING_RECIPIENT_INVALID' });
    }
  });
});

describe('a disk that is full', () => {
  it('is told at once, and at the end', async () => {
    for (const call of ['append', 'keepBeside'] as const) {
      const sink = new MemorySink();
      const writer = await RecordingWriter.begin([auditor.recipient], head, sink);
      sink.fail(call, new Error('ENOSPC'));
      writer.output(new Uint8Array(200_000).fill(99), 1);
      await writer.checkpoint();
      expect(await writer.failed).toMatchObject({ message: 'ENOSPC' });
      await expect(writer.end(2)).rejects.toThrow('ENOSPC');
    }
  });
});

function headerBytes(file: Uint8Array): number {
  return (
    joinedLength(file.subarray(0, 1_000), file.length)!.bytes -
    joinedLength(file, file.length)!.chunks * 65_552
  );
}
