import type { Client } from './client.ts';
import { collectGarbage } from './node/collect-garbage.ts';
import { windowBytesSure, windowShare } from './limits.ts';

/** It is looked again after a share of what is left has come, since a small frame may cost many times its bytes. */
const lookShare = 16;
const lookBytesLeast = 256 * 1024;
/** What is freed at once, so that it is not looked for every frame. */
const freedTo = 0.5;
/** At least this share of what is to go is taken at a time: looking through all conversations for each one of them would keep others waiting. */
const stepShare = 1 / 16;

interface Holder {
  readonly links: { readonly client: Client; held: number }[];
  held: number;
}

/**
 * The memory that clients make the agent hold, of all of them together. Nothing is counted as bytes go by: what is held is added up now and then, after so many
 * bytes have come, and the person whose clients have most is made to have less, however many links those are.
 */
export class Memory {
  /** The windows of all links. Nobody has all of them: a link has half of what is left at most, and a little whatever others have. */
  readonly windows = {
    take: (bytes: number, own: number): boolean => {
      const left = this.#bytesMax * windowShare - this.#windows;
      if (own + bytes > Math.max(left, windowBytesSure)) return false;
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

  /** What windows have taken and not given back. */
  get windowBytes(): number {
    return this.#windows;
  }

  /** Bytes came in, from a client or for one. */
  moved(bytes: number): void {
    this.#untilLook -= bytes;
    if (this.#untilLook < 0) this.#look();
  }

  #look(): void {
    let total = this.heldBytes;
    if (total > this.#bytesMax) {
      total = this.#free(this.#bytesMax * freedTo);
      collectGarbage();
    }
    this.#untilLook = Math.max(lookBytesLeast, (this.#bytesMax - total) / lookShare);
  }

  /** Frees until no more than so much is held. What is held then. */
  #free(target: number): number {
    const holders = this.#holders();
    let total = holders.reduce((sum, { held }) => sum + held, 0);
    while (total > target) {
      holders.sort(byHeld);
      const greatest = holders[0]!;
      // No further down than the next one: then that one has most.
      const above = greatest.held - (holders[1]?.held ?? 0) + 1;
      const wanted = Math.max(Math.min(total - target, above), (total - target) * stepShare);
      const link = greatest.links.sort(byHeld)[0]!;
      const freed = link.held - shed(link.client, Math.min(wanted, link.held));
      this.#freed(link.client, freed);
      link.held -= freed;
      greatest.held -= freed;
      total -= freed;
    }
    return total;
  }

  #holders(): Holder[] {
    const holders = new Map<string, Holder>();
    for (const client of this.#clients()) {
      const held = client.heldBytes;
      const holder = holders.get(client.claims.usr) ?? { links: [], held: 0 };
      holder.links.push({ client, held });
      holder.held += held;
      holders.set(client.claims.usr, holder);
    }
    return [...holders.values()];
  }
}

const byHeld = (a: { readonly held: number }, b: { readonly held: number }) => b.held - a.held;

/**
 * Frees about so many bytes of a client, of at least one conversation: its greatest are broken, or its link ends when that is not enough. What it holds then.
 */
function shed(client: Client, bytes: number): number {
  const sized = [...client.conversations].map((conversation) => {
    const { near, far } = conversation.held?.() ?? { near: 0, far: 0 };
    return { conversation, held: near + far };
  });
  sized.sort(byHeld);
  let freed = 0;
  for (const { conversation, held } of sized) {
    if (freed >= bytes || held === 0) break;
    conversation.break('FLOW_LIMITED', 'limit');
    freed += held;
  }
  if (freed >= bytes) return client.heldBytes;
  // What is under way to it, and it does not confirm: its link ends, and may be had again.
  client.why = 'limit';
  client.association.end('AGENT_UNREACHABLE');
  return 0;
}
