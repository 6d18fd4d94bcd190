import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadWriteNow, partsAfter, writeNow } from './write-now.ts';

beforeAll(() => loadWriteNow());

async function aConnection(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer();
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  const [far] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => void (near.destroy(), far.destroy()));
  if (near.connecting) await once(near, 'connect');
  return { near, far };
}

describe.runIf(process.platform === 'linux')('writing past the queues of Node', () => {
  it('loses nothing and keeps the order when the kernel takes only some of it', async () => {
    const { near, far } = await aConnection();
    far.pause();
    const [sent, heard] = [createHash('sha256'), createHash('sha256')];
    let [bytes, past, mixed] = [0, 0, 0];
    for (let round = 0; round < 60; round += 1) {
      const parts = [
        randomBytes(14),
        randomBytes(65_536),
        randomBytes(14),
        randomBytes(3),
        randomBytes(200_000),
      ];
      for (const part of parts) sent.update(part);
      bytes += parts.reduce((sum, { length }) => sum + length, 0);
      const written = writeNow(near, parts);
      const rest = partsAfter(parts, written);
      expect(rest.reduce((sum, { length }) => sum + length, written)).toBe(265_567);
      past += written;
      if (written > 0 && rest.length > 0) mixed += 1;
      for (const part of rest) near.write(part);
      // The second half is written while there is room, the first until long after there is none.
      if (round === 30) far.resume();
      if (round === 0) far.on('data', (come: Buffer) => void heard.update(come)).pause();
      // Not the event `drain`, which only comes to whoever was told to wait.
      if (round > 30) await expect.poll(() => near.writableLength, { timeout: 20_000, interval: 1 }).toBe(0);
    }
    near.end();
    await once(far, 'end');
    expect(heard.digest('hex')).toBe(sent.digest('hex'));
    expect(mixed, 'taken in part').toBeGreaterThan(0);
    expect(past).toBeGreaterThan(0);
    expect(near.bytesWritten + past).toBe(bytes);
  }, 30_000);

  it('takes many parts, small and great, in their order', async () => {
    const { near, far } = await aConnection();
    const parts = Array.from({ length: 300 }, (_, at) => randomBytes([14, 0, 600, 511, 513, 3][at % 6]!));
    const whole = Buffer.concat(parts);
    const heard: Buffer[] = [];
    far.on('data', (come: Buffer) => void heard.push(come));
    const written = writeNow(near, parts);
    expect(written, 'a connection that carries nothing has room').toBe(whole.length);
    near.end();
    await once(far, 'end');
    expect(Buffer.concat(heard).equals(whole)).toBe(true);
  }, 30_000);

  it('leaves a connection alone in whose queue something waits', async () => {
    const { near, far } = await aConnection();
    far.pause();
    near.cork();
    near.write('first ');
    expect(writeNow(near, [Buffer.from('second')])).toBe(0);
    near.uncork();
    near.end('second');
    const said = (await far.toArray()) as Buffer[];
    expect(Buffer.concat(said).toString()).toBe('first second');
  });

  it('writes nothing where there is no connection of the kernel, or none any more', async () => {
    const { near } = await aConnection();
    const bytes = [Buffer.from('x')];
    expect(writeNow(new Duplex({ read: () => undefined }), bytes)).toBe(0);
    expect(writeNow(near, [new Uint8Array()]), 'nothing').toBe(0);
    near.end();
    expect(writeNow(near, bytes), 'ended').toBe(0);
    near.destroy();
    expect(writeNow(near, bytes), 'destroyed').toBe(0);
    const connecting = connect({ port: 1, host: '127.0.0.1' }).on('error', () => undefined);
    expect(writeNow(connecting, bytes), 'connecting').toBe(0);
    connecting.destroy();
  });

  it('leaves an error to the ordinary write, which tells it', async () => {
    const { near, far } = await aConnection();
    far.resetAndDestroy();
    const failed = once(near, 'error');
    while (!near.destroyed && writeNow(near, [Buffer.alloc(65_536)]) > 0) await new Promise(setImmediate);
    if (!near.destroyed) near.write('x');
    expect(((await failed)[0] as NodeJS.ErrnoException).code).toMatch(/ECONNRESET|EPIPE/);
  });
});

it('writes nothing where native calls cannot be loaded', async () => {
  vi.resetModules();
  vi.doMock('koffi', () => {
    throw new Error('not for this kind of machine');
  });
  onTestFinished(() => {
    vi.doUnmock('koffi');
    vi.resetModules();
  });
  const without = await import('./write-now.ts');
  await without.loadWriteNow();
  const { near } = await aConnection();
  expect(without.writeNow(near, [Buffer.from('x')])).toBe(0);
  expect(near.writableLength).toBe(0);
});

it('says what is left of parts of which some bytes are gone', () => {
  const parts = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)];
  const left = (written: number) => partsAfter(parts, written).map((part) => [...part]);
  expect(left(0)).toEqual([[1, 2], [3], [4, 5, 6]]);
  expect(left(1)).toEqual([[2], [3], [4, 5, 6]]);
  expect(left(2)).toEqual([[3], [4, 5, 6]]);
  expect(left(4)).toEqual([[5, 6]]);
  expect(left(6)).toEqual([]);
});
