import type { Client } from './client.ts';
import { collectGarbage } from './node/collect-garbage.ts';
import { windowShare } from './limits.ts';

/** It is looked again after a share of what is left has come, since a small frame may cost many times its bytes. */
const lookShare = 16;
const lookBytesLeast = 256 * 1024;
/** What is freed at once, so that it is not looked for every frame. */
const freedTo = 0.75;

/**
 * The memory that clients make the agent hold, of all of them together. Nothing is counted as bytes go by: what is held is added up now and then, after so many
 * bytes have come, and the client that has most is made to have less.
 */
export class Memory {
  /** The windows of all links. */
  readonly windows = {
    take: (bytes: number): boolean => {
      if (this.#windows + bytes > this.#bytesMax * windowShare) return false;
      this.#windows += bytes;
      return true;
    },
    give: (bytes: number): void => void (this.#windows -= bytes),
  };
  readonly #clients: () => Iterable<Client>;
  readonly #freed: (client: Client, bytes: number) => void;
  #windows = 0;
  readonly #bytesMax: number;
  #untilLook: number;

  constructor(
    bytesMax: number,
    clients: () => Iterable<Client>,
    freed: (client: Client, bytes: number) => void,
  ) {
    this.#bytesMax = bytesMax;
    this.#untilLook = bytesMax / lookShare;
    this.#clients = clients;
    this.#freed = freed;
  }

  get heldBytes(): number {
    return [...this.#clients()].reduce((sum, client) => sum + client.heldBytes, 0);
  }

  /** Bytes came in, from a client or for one. */
  moved(bytes: number): void {
    this.#untilLook -= bytes;
    if (this.#untilLook < 0) this.#look();
  }

  #look(): void {
    const clients = [...this.#clients()].map((client) => ({ client, held: client.heldBytes }));
    let total = clients.reduce((sum, { held }) => sum + held, 0);
    if (total > this.#bytesMax) {
      clients.sort((a, b) => b.held - a.held);
      while (total > this.#bytesMax * freedTo) {
        const greatest = clients[0]!;
        const next = clients[1]?.held ?? 0;
        // No further down than the next one: then that one has most.
        const wanted = Math.min(total - this.#bytesMax * freedTo, greatest.held - next + 1);
        const freed = Math.min(greatest.held, shed(greatest.client, wanted));
        this.#freed(greatest.client, freed);
        total -= freed;
        greatest.held -= freed;
        clients.sort((a, b) => b.held - a.held);
      }
      collectGarbage();
    }
    this.#untilLook = Math.max(lookBytesLeast, (this.#bytesMax - total) / lookShare);
  }
}

/** Frees at least so many bytes of a client: its greatest conversations are broken, or its link when that is not enough. What was freed: all of it when the link ended. */
function shed(client: Client, bytes: number): number {
  const sized = [...client.conversations].map((conversation) => {
    const { near, far } = conversation.held?.() ?? { near: 0, far: 0 };
    return { conversation, held: near + far };
  });
  sized.sort((a, b) => b.held - a.held);
  let freed = 0;
  for (const { conversation, held } of sized) {
    if (freed >= bytes || held === 0) break;
    conversation.break('FLOW_LIMITED', 'limit');
    freed += held;
  }
  if (freed >= bytes) return freed;
  // What is under way to it, and it does not confirm: its link ends, and may be had again.
  client.why = 'limit';
  client.association.end('AGENT_UNREACHABLE');
  return Number.POSITIVE_INFINITY;
}
