import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { hear, slabReadersMax } from './hear.ts';

/** What is needed of a connection of Node's own to be read into memory that is used again. */
function aConnection() {
  let given = 0;
  const source = Object.assign(new EventEmitter(), {
    isPaused: () => false,
    destroyed: false,
    readableLength: 0,
    _handle: { useUserBuffer: () => (given += 1) },
    [Symbol('kBuffer')]: null,
    [Symbol('kBufferGen')]: null,
    [Symbol('kBufferCb')]: null,
  });
  hear(source, () => undefined);
  source.emit('data', new Uint8Array(1 << 18));
  return { close: () => source.emit('close'), given: () => given };
}

it('gives so many connections at once memory of their own, and another one when one of them is closed', async () => {
  const turn = () => new Promise((next) => setImmediate(next));
  const connections = Array.from({ length: slabReadersMax + 10 }, aConnection);
  await turn();
  const given = connections.map((one) => one.given());
  expect(given.filter((times) => times === 1)).toHaveLength(slabReadersMax);
  connections[0]!.close();
  const later = [aConnection(), aConnection()];
  await turn();
  expect(later.map((one) => one.given())).toEqual([1, 0]);
});
