import { createCipheriv, createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { Product } from './harness/product.ts';
import { Laptop } from './harness/tunnel.ts';

/** What goes in comes out, through the real CLI, the real wire and the emulated agent. */
const world = join(repository, 'apps/sandbox/test/world');
const testWorld = {
  sandboxArgs: ['--world', join(world, 'transfer.yaml')],
  apiEnvironment: { SALLYPORT_CATALOG: join(world, 'transfer-catalog.yaml') },
};
const MiB = 1024 * 1024;

/** An open tunnel to the resource: its local port. */
async function tunnelTo(laptop: Laptop, resource: string): Promise<{ port: number; end(): Promise<number> }> {
  const run = laptop.tunnel(['connect', resource, '--for', '30m', '--reason', 'transfer test', '--json']);
  await run.until(/"port":\s*\d+/);
  const port = Number(/"port":\s*(\d+)/.exec(run.stdout)?.[1]);
  return { port, end: () => (run.child.kill('SIGINT'), run.code) };
}

/** Sends everything, then reads to the end or to `expected` bytes; SHA-256 and length of what came. */
function exchange(
  port: number,
  send: Iterable<Buffer>,
  expected: number,
): Promise<{ bytes: number; sha256: string; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    const hash = createHash('sha256');
    let bytes = 0;
    let head = Buffer.alloc(0);
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
      if (head.length < 256) head = Buffer.concat([head, chunk]).subarray(0, 256);
      if (bytes >= expected) socket.destroy();
    });
    socket.once('close', () => resolve({ bytes, sha256: hash.digest('hex'), head }));
    const source = send[Symbol.iterator]();
    const pump = () => {
      for (let next = source.next(); !next.done; next = source.next())
        if (!socket.write(next.value)) return void socket.once('drain', pump);
    };
    socket.once('connect', pump);
  });
}

/** The bytes that `DOWN <n>` answers with: the AES-256-CTR keystream under SHA-256 of `sallyport-bulk`. */
function* stream(length: number): Generator<Buffer> {
  const key = createHash('sha256').update('sallyport-bulk').digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  for (let sent = 0; sent < length;) {
    const chunk = Buffer.alloc(Math.min(65_536, length - sent));
    sent += chunk.length;
    yield cipher.update(chunk);
  }
}

function digestOf(chunks: Iterable<Buffer>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

async function down(port: number, length: number): Promise<void> {
  const got = await exchange(port, [Buffer.from(`DOWN ${length}\n`)], length);
  expect(got.bytes).toBe(length);
  expect(got.sha256).toBe(digestOf(stream(length)));
}

async function up(port: number, length: number): Promise<void> {
  const send = function* () {
    yield Buffer.from(`UP ${length}\n`);
    yield* stream(length);
  };
  const got = await exchange(port, send(), 64);
  expect(got.head.toString().trim()).toBe(digestOf(stream(length)));
}

describe('without pacing', () => {
  let product: Product;
  let laptop: Laptop;
  let port: number;
  let end: () => Promise<number>;
  beforeAll(async () => {
    product = await Product.start(testWorld);
    laptop = await Laptop.signedIn(product, 'engineer');
    ({ port, end } = await tunnelTo(laptop, 'test-bulk'));
  });
  afterAll(async () => {
    expect(await end()).toBe(130);
    await laptop.remove();
    await product.remove();
  });
  afterEach(() => product.sandbox.faults({}));

  it('200 MB come down identical', () => down(port, 200 * MiB));
  it('200 MB go up identical', () => up(port, 200 * MiB));

  it('2 MB arrive identical, both ways, when 5 % of frames are dropped, doubled, reordered and delayed', async () => {
    const share = { dropPercent: 5, duplicatePercent: 5, reorderPercent: 5, delayPercent: 5, delayMs: 20 };
    await product.sandbox.faults({ toAgent: share, toClient: share });
    await down(port, 2 * MiB);
    await up(port, 2 * MiB);
  });

  it('a single byte 0x0A and chunks that end in it arrive unchanged', async () => {
    const echo = await tunnelTo(laptop, 'test-echo');
    for (const sent of [
      Buffer.from('\n'),
      Buffer.concat([Buffer.alloc(1016, 'x'), Buffer.from('\n')]),
      Buffer.alloc(4096, '\n'),
    ]) {
      const got = await exchange(echo.port, [sent], sent.length);
      expect(got.sha256).toBe(digestOf([sent]));
    }
    await echo.end();
  });
});

describe('at the pace of the real agent', () => {
  it('2 MB come down and go up identical', async () => {
    const product = await Product.start({ ...testWorld, pacing: true });
    const laptop = await Laptop.signedIn(product, 'engineer');
    try {
      const { port, end } = await tunnelTo(laptop, 'test-bulk');
      await down(port, 2 * MiB);
      await up(port, 2 * MiB);
      await end();
    } finally {
      await laptop.remove();
      await product.remove();
    }
  });
});
