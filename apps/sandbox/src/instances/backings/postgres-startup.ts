import type { Duplex } from 'node:stream';

/** The start of a PostgreSQL connection (protocol 3.0, "Message Formats" of its documentation). All integers are big-endian. */

const lengthBytes = 4;
const startupBytesMax = 10_000;
const passwordBytesMax = 64 * 1024;
const codes = { cancel: 80_877_102, ssl: 80_877_103, gss: 80_877_104 } as const;

/** What a client may say first. `bytes` is the message as it came, length included. */
export type FirstMessage =
  | { readonly kind: 'ssl' | 'gss' }
  | { readonly kind: 'cancel'; readonly bytes: Buffer }
  | { readonly kind: 'startup'; readonly bytes: Buffer; readonly parameters: ReadonlyMap<string, string> };

/** Reads a first message. Rejects for one that is none, and when the stream ends. */
export async function readFirstMessage(stream: Duplex): Promise<FirstMessage> {
  const length = (await readExactly(stream, lengthBytes)).readUInt32BE(0);
  if (length < 8 || length > startupBytesMax) throw new Error('not a PostgreSQL client');
  const rest = await readExactly(stream, length - lengthBytes);
  const code = rest.readUInt32BE(0);
  if (code === codes.ssl) return { kind: 'ssl' };
  if (code === codes.gss) return { kind: 'gss' };
  const head = Buffer.alloc(lengthBytes);
  head.writeUInt32BE(length);
  const bytes = Buffer.concat([head, rest]);
  if (code === codes.cancel) return { kind: 'cancel', bytes };
  if (code >>> 16 !== 3) throw new Error('not protocol 3');
  const texts = rest.subarray(4).toString('utf8').split('\0');
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < texts.length && texts[at] !== ''; at += 2)
    parameters.set(texts[at] ?? '', texts[at + 1] ?? '');
  return { kind: 'startup', bytes, parameters };
}

/** Asks for the password in clear text and reads it. */
export async function askPassword(stream: Duplex): Promise<string> {
  stream.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
  const head = await readExactly(stream, 1 + lengthBytes);
  const length = head.readUInt32BE(1);
  if (head[0] !== 0x70 || length < 5 || length > passwordBytesMax) throw new Error('no password message');
  const body = await readExactly(stream, length - lengthBytes);
  return body.subarray(0, -1).toString('utf8');
}

/** An ErrorResponse of severity FATAL. */
export function fatal(sqlState: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${sqlState}\0M${message}\0\0`);
  const head = Buffer.alloc(1 + lengthBytes);
  head[0] = 0x45;
  head.writeUInt32BE(fields.length + lengthBytes, 1);
  return Buffer.concat([head, fields]);
}

/** Reads `count` bytes and leaves what follows in the stream, for TLS or for a pipe. */
async function readExactly(stream: Duplex, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = stream.read(count) as Buffer | null;
    if (bytes !== null && bytes.length === count) return bytes;
    if (bytes !== null || stream.readableEnded || stream.destroyed) throw new Error('the client left');
    await readable(stream);
  }
}

function readable(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['readable', 'end', 'close', 'error'] as const) stream.off(event, done);
      resolve();
    };
    for (const event of ['readable', 'end', 'close', 'error'] as const) stream.on(event, done);
  });
}
