import { availableParallelism } from 'node:os';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A part of a number range, `from` included, `to` not. */
export interface Shard {
  readonly from: number;
  readonly to: number;
}

export interface Sharding {
  readonly from: number;
  readonly to: number;
  /** How many numbers one message to a worker covers. */
  readonly size: number;
  /** A worker module: answers each {@link Shard} it is sent with a list of findings. */
  readonly worker: URL;
  /** Handed to the workers as `workerData`. */
  readonly data?: unknown;
  readonly done: (numbers: number, found: readonly string[]) => void;
  /** Stop handing out once this many findings are there. */
  readonly findingsMax?: number;
}

/** Spreads a range over worker threads, one for each core. Resolves with the findings of all. */
export async function inShards(sharding: Sharding): Promise<readonly string[]> {
  const found: string[] = [];
  const { findingsMax = 10, size, to } = sharding;
  let next = sharding.from;
  let finished = 0;
  const work = async () => {
    const worker = new Worker(sharding.worker, { workerData: sharding.data });
    try {
      while (next < to && found.length < findingsMax) {
        const shard: Shard = { from: next, to: Math.min(to, next + size) };
        next = shard.to;
        const answered = once(worker, 'message');
        worker.postMessage(shard);
        // A worker that throws rejects this by its `error` event.
        const [findings] = (await answered) as [readonly string[]];
        found.push(...findings);
        finished += shard.to - shard.from;
        sharding.done(finished, found);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return found;
}
