interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Virtual time: what is to happen, in order of time and then of planning. A binary heap. */
export class Timeline {
  now = 0;
  #heap: Happening[] = [];
  #order = 0;

  /** Plans `run` in `ms` milliseconds from now. */
  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  /** Plans `run` for a time; the past means now. */
  at(time: number, run: () => void): void {
    const happening = { at: Math.max(time, this.now), order: this.#order++, run };
    const heap = this.#heap;
    let index = heap.push(happening) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!earlier(happening, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = happening;
  }

  /** Lets the next thing happen; false when there is none, or none until `end`, to which time then moves. */
  step(end: number): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.at > end) {
      this.now = end;
      return false;
    }
    this.#removeFirst();
    this.now = next.at;
    next.run();
    return true;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child += 1;
      if (!earlier(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

function earlier(left: Happening, right: Happening): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}
