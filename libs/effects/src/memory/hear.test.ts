import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hear } from './hear.ts';
import { giveBack } from './slabs.ts';

const chunk = Buffer.alloc(64 * 1024, 'x');
const chunks = 40;

afterEach(() => void vi.restoreAllMocks());

/** What was heard of {@link chunks} chunks, and how often something was put off meanwhile. */
async function heardOf(source: Socket | PassThrough, write: () => Promise<void>) {
  let bytes = 0;
  const over = Promise.withResolvers<void>();
  const putOff = vi.spyOn(globalThis, 'setImmediate');
  let asked = 0;
  hear(source, (view) => {
    bytes += view.length;
    giveBack(view);
    if (bytes >= chunks * chunk.length) over.resolve();
  });
  putOff.mockImplementation(((run: () => void) => {
    asked += 1;
    return setTimeout(run, 0);
  }) as unknown as typeof setImmediate);
  await write();
  await over.promise;
  return { bytes, asked };
}

describe('what a source brings', () => {
  it('is heard as ever where that is no connection, and is asked about once, not for each chunk', async () => {
    const source = new PassThrough();
    const { bytes, asked } = await heardOf(source, async () => {
      for (let count = 0; count < chunks; count += 1) {
        source.write(chunk);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    });
    expect({ bytes, asked }).toEqual({ bytes: chunks * chunk.length, asked: 1 });
  });

  it('comes whole from a connection, which is asked until it can be read into memory that is used again', async () => {
    const server = createServer((socket) => {
      for (let count = 0; count < chunks; count += 1) socket.write(chunk);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    try {
      const { bytes } = await heardOf(client, async () => undefined);
      expect(bytes).toBe(chunks * chunk.length);
    } finally {
      client.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
