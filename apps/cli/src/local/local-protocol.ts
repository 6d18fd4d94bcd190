import { isProblemDocument, type ProblemDocument } from '@sallyport/problems';

/**
 * How processes of one person speak with each other over Unix sockets: one line of JSON asks, lines of JSON answer, the last of them with `answer` or
 * `problem`. `shutdown` is understood whatever the version.
 */
export const protocolVersion = 2;

/** Longest line either side takes, in bytes. */
export const lineBytesMax = 64 * 1024;

/** What is asked: the word, and what belongs to it. */
export interface Ask {
  readonly ask: string;
  readonly [member: string]: unknown;
}

/** One line of an answer. */
export type Reply =
  { readonly event: object } | { readonly answer: object } | { readonly problem: ProblemDocument };

/** Collects bytes into lines and refuses one that is too long. */
export class Lines {
  readonly #each: (line: string) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(each: (line: string) => void) {
    this.#each = each;
  }

  /** Whether what was received can still become lines; false: the sender is not one of ours. */
  take(bytes: Buffer): boolean {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let end = this.#rest.indexOf(10); end >= 0; end = this.#rest.indexOf(10)) {
      if (end > lineBytesMax) return false;
      const line = this.#rest.toString('utf8', 0, end);
      this.#rest = this.#rest.subarray(end + 1);
      this.#each(line);
    }
    return this.#rest.length <= lineBytesMax;
  }
}

export function writeAsk(ask: Ask): string {
  return JSON.stringify({ protocol: protocolVersion, ...ask }) + '\n';
}

export function writeReply(reply: Reply): string {
  return JSON.stringify({ protocol: protocolVersion, ...reply }) + '\n';
}

/** The ask in a line; `other` when it is in a protocol that we do not speak; undefined when it is none at all. */
export function readAsk(line: string): Ask | 'other' | undefined {
  const asked = objectIn(line);
  if (typeof asked?.['ask'] !== 'string') return undefined;
  if (asked['protocol'] !== protocolVersion && asked['ask'] !== 'shutdown') return 'other';
  return asked as Ask;
}

/** The reply in a line; `other` when it is in a protocol that we do not speak; undefined when it is none at all. */
export function readReply(line: string, { anyProtocol = false } = {}): Reply | 'other' | undefined {
  const reply = objectIn(line);
  if (!reply) return undefined;
  if (!anyProtocol && reply['protocol'] !== protocolVersion) return 'other';
  if (isProblemDocument(reply['problem'])) return { problem: reply['problem'] };
  for (const member of ['event', 'answer'] as const) {
    const value = reply[member];
    if (typeof value === 'object' && value !== null) return { [member]: value } as unknown as Reply;
  }
  return undefined;
}

function objectIn(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Not JSON: not from one of ours.
    return undefined;
  }
}
