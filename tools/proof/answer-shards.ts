import { parentPort } from 'node:worker_threads';
import type { Shard } from './shards.ts';

/** To be called by a worker module: answers each shard with what `judge` finds in it. */
export function answerShards(judge: (shard: Shard) => readonly string[] | Promise<readonly string[]>): void {
  parentPort?.on('message', (shard: Shard) => {
    void Promise.resolve(judge(shard)).then((found) => parentPort?.postMessage(found));
  });
}
