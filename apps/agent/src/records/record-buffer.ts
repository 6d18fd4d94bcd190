import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { FlowRecord } from './flow-record.ts';

/** A page of records is one file and one report; the control plane takes 100 records and 64 KiB at a time. */
export const recordsPerPage = 90;

/** A page that is to be sent; call `sent` when the control plane has it. */
export interface Page {
  readonly records: readonly FlowRecord[];
  sent(): void;
}

/**
 * Records wait on disk until the control plane has taken them: each is written at once, so that a killed agent loses none that ended before.
 * Pages beyond `bytesMax` push out the oldest, and how many records that cost is counted and kept. One writer to a folder.
 */
export class RecordBuffer {
  readonly #folder: string;
  readonly #bytesMax: number;
  readonly #onDropped: (count: number) => void;
  #page: number;
  #file: number | undefined;
  #inPage = 0;
  #pageBytes = 0;
  /** Bytes of each finished page, the oldest first. */
  readonly #pages = new Map<number, number>();

  constructor(folder: string, bytesMax: number, onDropped: (count: number) => void = () => undefined) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    this.#onDropped = onDropped;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const numbers = readdirSync(folder)
      .map((name) => /^flows-(\d{9})\.jsonl$/.exec(name)?.[1])
      .filter((number) => number !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    for (const number of numbers) this.#pages.set(number, statSync(this.#path(number)).size);
    this.#page = (numbers.at(-1) ?? 0) + 1;
  }

  /** Records lost to the bound since the folder was made. */
  get dropped(): number {
    try {
      return Number(readFileSync(join(this.#folder, 'dropped'), 'utf8')) || 0;
    } catch {
      return 0; // none yet
    }
  }

  /** Whether anything waits. */
  get waiting(): boolean {
    return this.#pages.size > 0 || this.#inPage > 0;
  }

  /** Keeps a record. A disk that is full or gone costs the record, which is counted, and never a conversation. */
  add(record: FlowRecord): void {
    try {
      this.#write(record);
    } catch {
      this.#onDropped(1);
    }
  }

  #write(record: FlowRecord): void {
    this.#file ??= openSync(this.#path(this.#page), 'a', 0o600);
    const line = `${JSON.stringify(record)}\n`;
    writeSync(this.#file, line);
    this.#inPage += 1;
    this.#pageBytes += Buffer.byteLength(line);
    if (this.#inPage >= recordsPerPage) this.#turn();
    this.#bound();
  }

  /** The oldest page, the current one included; undefined when nothing waits. */
  next(): Page | undefined {
    if (this.#pages.size === 0) this.#turn();
    const [oldest] = this.#pages.keys();
    if (oldest === undefined) return undefined;
    return { records: parse(readFileSync(this.#path(oldest), 'utf8')), sent: () => this.#remove(oldest) };
  }

  close(): void {
    this.#turn();
  }

  #turn(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    this.#pages.set(this.#page, this.#pageBytes);
    this.#page += 1;
    this.#inPage = 0;
    this.#pageBytes = 0;
  }

  #bound(): void {
    let bytes = this.#pageBytes;
    for (const size of this.#pages.values()) bytes += size;
    for (const [number, size] of this.#pages) {
      if (bytes <= this.#bytesMax) return;
      const lost = parse(readFileSync(this.#path(number), 'utf8')).length;
      this.#remove(number);
      bytes -= size;
      writeFileSync(join(this.#folder, 'dropped'), String(this.dropped + lost), { mode: 0o600 });
      this.#onDropped(lost);
    }
  }

  #remove(number: number): void {
    if (!this.#pages.delete(number)) return;
    unlinkSync(this.#path(number));
  }

  #path(number: number): string {
    return join(this.#folder, `flows-${String(number).padStart(9, '0')}.jsonl`);
  }
}

/** A line that a kill cut short is left out. */
function parse(text: string): FlowRecord[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as FlowRecord];
    } catch {
      return [];
    }
  });
}
