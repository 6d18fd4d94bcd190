import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { duplexPair } from './duplex-pair.ts';

describe('a pair of streams', () => {
  it('carries both ways and ends one way at a time', async () => {
    const [near, far] = duplexPair();
    near.end('question');
    expect(await read(far)).toBe('question');
    far.end('answer');
    expect(await read(near)).toBe('answer');
  });

  it('holds a writer up until it is read, and loses nothing', async () => {
    const [near, far] = duplexPair({ highWaterMark: 1024 });
    const sent = Buffer.alloc(300_000, 7);
    let held = false;
    for (let at = 0; at < sent.length; at += 1000) held = !near.write(sent.subarray(at, at + 1000)) || held;
    near.end();
    expect(held).toBe(true);
    expect(Buffer.byteLength(await read(far))).toBe(sent.length);
  });

  it('lets what was written together arrive together', async () => {
    const [near, far] = duplexPair();
    const arrived: string[] = [];
    far.on('data', (bytes: Buffer) => arrived.push(bytes.toString()));
    near.cork();
    near.write('head');
    near.write('body');
    near.uncork();
    near.end();
    await once(far, 'end');
    expect(arrived).toEqual(['headbody']);
  });

  it('resets the other end when one is destroyed before its last word', async () => {
    const [near, far] = duplexPair();
    const failed = once(far, 'error');
    near.destroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  });

  it('keeps what was said before an end that left in order', async () => {
    const [near, far] = duplexPair();
    near.write('last');
    near.end(() => near.destroy());
    await once(near, 'close');
    far.write('too late');
    expect(await read(far)).toBe('last');
    far.end();
    await once(far, 'finish');
  });

  it('lets a waiting write go when the reader leaves', async () => {
    const [near, far] = duplexPair({ highWaterMark: 16 });
    near.on('error', () => undefined);
    const gone = new Promise((done) => near.once('close', done));
    const written = new Promise((done) => near.write(Buffer.alloc(100), done));
    far.destroy();
    await written;
    await gone;
  });
});

async function read(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
