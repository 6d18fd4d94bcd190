import { createCipheriv, createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { Product } from './harness/product.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

/** A pool of sessions through the real CLI, at the pace of AWS's own agent. */
const flows = 8;
const bytesPerFlow = 512 * 1024;

let product: Product;
let laptop: Laptop;
beforeAll(async () => {
  const world = join(repository, 'apps/sandbox/test/world');
  product = await Product.start({
    pacing: true,
    sandboxArgs: ['--world', join(world, 'transfer.yaml')],
    apiEnvironment: { SALLYPORT_CATALOG: join(world, 'transfer-catalog.yaml') },
  });
  laptop = await Laptop.signedIn(product, 'engineer');
});
afterAll(async () => {
  await laptop.remove();
  await product.remove();
});

async function tunnel(): Promise<{ run: Run; port: number; grantId: string }> {
  const run = laptop.tunnel(['connect', 'test-bulk', '--for', '30m', '--reason', 'pool test', '--json']);
  await run.until(/"port":\s*\d+/);
  const text = (member: string) => new RegExp(`"${member}":\\s*"?([\\w-]+)`).exec(run.stdout)?.[1] ?? '';
  return { run, port: Number(text('port')), grantId: text('grantId') };
}

/** Asks for counted bytes; their SHA-256. The connection stays open. */
function download(port: number, bytes: number): { socket: Socket; sha256: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  const sha256 = new Promise<string>((resolve, reject) => {
    const hash = createHash('sha256');
    let received = 0;
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`ended after ${received} bytes`)));
    socket.on('data', (chunk) => {
      hash.update(chunk);
      received += chunk.length;
      if (received >= bytes) resolve(hash.digest('hex'));
    });
    socket.write(`DOWN ${bytes}\n`);
  });
  return { socket, sha256 };
}

/** SHA-256 of what `DOWN <n>` answers: the AES-256-CTR keystream under SHA-256 of `sallyport-bulk`. */
function expected(bytes: number): string {
  const key = createHash('sha256').update('sallyport-bulk').digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
  return createHash('sha256').update(stream).digest('hex');
}

/** Sessions of the grant that were started at AWS, and those ended by TerminateSession. */
function sessionsOf(grantId: string): { started: string[]; terminated: string[] } {
  const trail = product.cloudTrail().filter(({ errorCode }) => errorCode === undefined);
  const idOf = (elements: unknown) => (elements as { sessionId?: string } | null)?.sessionId ?? '';
  const mine = (id: string) => id.startsWith(`jit-${grantId}-`);
  const named = (eventName: string) => trail.filter((record) => record.eventName === eventName);
  return {
    started: named('StartSession')
      .map(({ responseElements }) => idOf(responseElements))
      .filter(mine),
    terminated: named('TerminateSession')
      .map(({ requestParameters }) => idOf(requestParameters))
      .filter(mine),
  };
}

describe('d7: pooling', () => {
  it('gives eight bulk flows a session each, carries them unharmed, and ends all eight at AWS', async () => {
    const { run, port, grantId } = await tunnel();
    const downloads = Array.from({ length: flows }, () => download(port, bytesPerFlow));
    const digests = await Promise.all(downloads.map(({ sha256 }) => sha256));
    expect(new Set(digests)).toEqual(new Set([expected(bytesPerFlow)]));
    // On a busy machine a flow may have given up waiting for a session of its own; the session comes all the same.
    await vi.waitFor(() => expect(sessionsOf(grantId).started).toHaveLength(flows), { timeout: 60_000 });
    for (const { socket } of downloads) socket.destroy();
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
    const { started, terminated } = sessionsOf(grantId);
    expect(terminated.toSorted()).toEqual(started.toSorted());
  });

  it('loses every session of the pool when the grant is revoked', async () => {
    const { run, port, grantId } = await tunnel();
    const endless = Array.from({ length: flows }, () => download(port, 1024 ** 3));
    const ends = endless.map(({ sha256 }) =>
      sha256.then(
        () => 'all came',
        (error: Error) => error.message,
      ),
    );
    await Promise.all(endless.map(({ socket }) => new Promise((some) => socket.once('data', some))));
    await product.as('admin').post(`/grants/${grantId}/revoke`, { reason: 'laptop stolen' });
    expect(await run.code).toBe(12);
    for (const end of await Promise.all(ends)) expect(end).toMatch(/ended after|ECONNRESET/);
    await vi.waitFor(
      () => {
        const { started, terminated } = sessionsOf(grantId);
        expect(new Set(terminated)).toEqual(new Set(started));
      },
      { timeout: 90_000, interval: 200 },
    );
  });
});
