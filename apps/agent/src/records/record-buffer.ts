import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
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

/** A page without some of its records, until it takes the place of the page. */
const rewriting = '.new';

/** What lies in a page. */
interface PageFacts {
  /** Of its file. */
  bytes: number;
  /** Bytes of each grant's records. */
  readonly grants: Map<string, number>;
}

/**
 * Records wait on disk until the control plane has taken them: each is written at once, so that a killed agent loses none that ended before.
 * Beyond `bytesMax` the oldest records go of the grant that has most, so that nobody pushes out the records of others, and how many that cost is
 * counted and kept. One writer to a folder.
 */
export class RecordBuffer {
  readonly #folder: string;
  readonly #bytesMax: number;
  readonly #onDropped: (count: number) => void;
  #page: number;
  #file: number | undefined;
  #inPage = 0;
  #current: PageFacts = { bytes: 0, grants: new Map() };
  /** Finished pages, the oldest first. */
  readonly #pages = new Map<number, PageFacts>();
  #bytes = 0;
  /** Bytes of each grant in finished pages. */
  readonly #grants = new Map<string, number>();

  constructor(folder: string, bytesMax: number, onDropped: (count: number) => void = () => undefined) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    this.#onDropped = onDropped;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const names = readdirSync(folder);
    for (const name of names) if (name.endsWith(rewriting)) unlinkSync(join(folder, name));
    const numbers = names
      .map((name) => /^flows-(\d{9})\.jsonl$/.exec(name)?.[1])
      .filter((number) => number !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    for (const number of numbers) {
      const facts = factsOf(parse(readFileSync(this.#path(number), 'utf8')));
      facts.bytes = statSync(this.#path(number)).size;
      this.#pages.set(number, facts);
      this.#account(facts, 1);
    }
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
    try {
      this.#bound();
    } catch {
      // A disk that is full cannot take a page without some of its records either; the next record tries again.
    }
  }

  #write(record: FlowRecord): void {
    const file = (this.#file ??= openSync(this.#path(this.#page), 'a', 0o600));
    const line = Buffer.from(lineOf(record));
    const written = writeSync(file, line);
    this.#current.bytes += written;
    if (written < line.length) {
      // Half a line: what comes next must not be read as its end.
      this.#turn();
      throw new Error('the disk took only a part of a record');
    }
    add(this.#current.grants, record.grantId, written);
    this.#inPage += 1;
    if (this.#inPage >= recordsPerPage) this.#turn();
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
    this.#pages.set(this.#page, this.#current);
    this.#account(this.#current, 1);
    this.#page += 1;
    this.#inPage = 0;
    this.#current = { bytes: 0, grants: new Map() };
  }

  #bound(): void {
    while (this.#bytes + this.#current.bytes > this.#bytesMax) {
      const most = [...this.#grants].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0])[0];
      const [number, facts] = [...this.#pages].find(([, page]) => page.grants.has(most) || most === '') ?? [];
      if (number === undefined || facts === undefined) return;
      const lost = this.#leaveOut(number, facts, most);
      writeFileSync(join(this.#folder, 'dropped'), String(this.dropped + lost), { mode: 0o600 });
      this.#onDropped(lost);
    }
  }

  /** Takes the records of a grant out of a page; how many they were. */
  #leaveOut(number: number, facts: PageFacts, grantId: string): number {
    const path = this.#path(number);
    const records = parse(readFileSync(path, 'utf8'));
    const others = records.filter((record) => record.grantId !== grantId);
    if (others.length === 0) {
      this.#remove(number);
      return records.length;
    }
    writeFileSync(`${path}${rewriting}`, others.map(lineOf).join(''), { mode: 0o600 });
    renameSync(`${path}${rewriting}`, path);
    this.#account(facts, -1);
    // In its place: pages stay in order.
    const now = factsOf(others);
    this.#pages.set(number, now);
    this.#account(now, 1);
    return records.length - others.length;
  }

  #account({ bytes, grants }: PageFacts, sign: 1 | -1): void {
    this.#bytes += sign * bytes;
    for (const [grantId, part] of grants) add(this.#grants, grantId, sign * part);
  }

  #remove(number: number): void {
    const facts = this.#pages.get(number);
    if (facts === undefined) return;
    this.#pages.delete(number);
    this.#account(facts, -1);
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

function lineOf(record: FlowRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function factsOf(records: readonly FlowRecord[]): PageFacts {
  const grants = new Map<string, number>();
  let bytes = 0;
  for (const record of records) {
    const length = Buffer.byteLength(lineOf(record));
    add(grants, record.grantId, length);
    bytes += length;
  }
  return { bytes, grants };
}

/** Adds to a sum; one that comes to nothing is forgotten. */
function add(sums: Map<string, number>, name: string, value: number): void {
  const sum = (sums.get(name) ?? 0) + value;
  if (sum > 0) sums.set(name, sum);
  else sums.delete(name);
}
