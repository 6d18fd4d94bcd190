import { openGapMax } from '../limits.ts';
import { violation } from '../violation.ts';

/** Which ids of conversations were used: an OPEN that comes twice, over two carriers, opens once. */
export class SeenIds {
  /** All ids up to this one. */
  #upTo = 0;
  readonly #beyond = new Set<number>();

  /** Whether the id is new; it is not afterwards. */
  take(id: number): boolean {
    if (id <= this.#upTo || this.#beyond.has(id)) return false;
    if (this.#beyond.size >= openGapMax) throw violation('ids of conversations are used in order');
    this.#beyond.add(id);
    while (this.#beyond.delete(this.#upTo + 1)) this.#upTo++;
    return true;
  }
}
