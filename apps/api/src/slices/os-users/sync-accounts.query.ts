import type { PrismaClient } from '../../generated/prisma/client.ts';

/** Whether work is queued, or has been done, under a key. */
export class QueuedWork {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }
  async has(key: string): Promise<boolean> {
    return (await this.#client.outboxEntry.count({ where: { key } })) > 0;
  }
}
