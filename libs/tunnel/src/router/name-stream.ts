import { Duplex } from 'node:stream';

/** The greatest query over TCP that is read: a name and its question fit many times. */
const queryMax = 4_096;
/** What an answer over TCP may have. */
const answerMax = 65_535;

/** The responder over TCP (RFC 7766): each message after its length in two bytes, answers in the order of the queries. */
export function nameStream(
  answer: (query: Uint8Array, signal: AbortSignal, room: number) => Promise<Uint8Array | undefined>,
): Duplex {
  const ending = new AbortController();
  let held = Buffer.alloc(0);
  const stream = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      held = Buffer.concat([held, chunk]);
      take().then(
        () => done(),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },
    final(done) {
      stream.push(null);
      done();
    },
    destroy(error, done) {
      ending.abort();
      done(error);
    },
  });
  const take = async () => {
    while (held.length >= 2) {
      const length = held.readUInt16BE(0);
      if (length > queryMax) throw new Error('a query that long is none');
      if (held.length < 2 + length) return;
      const query = held.subarray(2, 2 + length);
      held = held.subarray(2 + length);
      const message = await answer(query, ending.signal, answerMax);
      if (message === undefined || stream.destroyed) throw new Error('a query without an answer');
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(message.length);
      stream.push(Buffer.concat([prefix, message]));
    }
  };
  return stream;
}
