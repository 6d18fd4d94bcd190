/** Replies of a SOCKS5 server (RFC 1928, section 6). */
export const replies = {
  succeeded: 0x00,
  failed: 0x01,
  notAllowed: 0x02,
  hostUnreachable: 0x04,
  refused: 0x05,
  commandUnknown: 0x07,
  addressUnknown: 0x08,
} as const;

export interface Destination {
  /** A host name as the client wrote it, or a literal address in its usual form. */
  readonly host: string;
  readonly port: number;
}

/** What the bytes so far mean. `send` goes to the client first; `rest` of the input belongs to the connection. */
export type Step =
  | { readonly is: 'incomplete'; readonly send?: Uint8Array }
  | { readonly is: 'refused'; readonly send?: Uint8Array }
  | {
      readonly is: 'asked';
      readonly destination: Destination;
      readonly rest: Uint8Array;
      readonly send?: Uint8Array;
    };

const version = 5;
const noAuthentication = 0x00;
const noMethodFits = 0xff;
const connect = 0x01;
/** The longest request: version, command, reserved, type, a length and 255 bytes of name, port. */
const requestBytesMax = 4 + 1 + 255 + 2;
/** The longest greeting: version, a count and as many methods. */
const greetingBytesMax = 2 + 255;

/**
 * The server's side of a SOCKS5 negotiation (RFC 1928): no authentication, CONNECT alone. Pure: bytes in, steps out. Whoever opens with anything else (SOCKS4,
 * HTTP) is refused without an answer.
 */
export class Negotiation {
  #received: Uint8Array = new Uint8Array(0);
  #greeted = false;

  take(bytes: Uint8Array): Step {
    const joined = new Uint8Array(this.#received.length + bytes.length);
    joined.set(this.#received);
    joined.set(bytes, this.#received.length);
    this.#received = joined;
    if (!this.#greeted) {
      const greeting = this.#greeting();
      if (greeting.is !== 'greeted') return greeting;
      this.#greeted = true;
      return this.#received.length === 0
        ? { is: 'incomplete', send: greeting.send }
        : withFirst(greeting.send, this.#request());
    }
    return this.#request();
  }

  #greeting(): Step | { readonly is: 'greeted'; readonly send: Uint8Array } {
    const [first, count] = this.#received;
    if (first !== undefined && first !== version) return { is: 'refused' };
    if (count === undefined || this.#received.length < 2 + count)
      return this.#received.length > greetingBytesMax ? { is: 'refused' } : { is: 'incomplete' };
    const methods = this.#received.subarray(2, 2 + count);
    if (!methods.includes(noAuthentication))
      return { is: 'refused', send: Uint8Array.of(version, noMethodFits) };
    this.#received = this.#received.subarray(2 + count);
    return { is: 'greeted', send: Uint8Array.of(version, noAuthentication) };
  }

  #request(): Step {
    const bytes = this.#received;
    const [first, command, , type] = bytes;
    if (first !== undefined && first !== version) return { is: 'refused' };
    if (type === undefined) return { is: 'incomplete' };
    if (command !== connect) return { is: 'refused', send: replyOf('commandUnknown') };
    const length = addressBytes(type, bytes[4]);
    if (length === undefined)
      return type === 3 ? { is: 'incomplete' } : { is: 'refused', send: replyOf('addressUnknown') };
    const end = 4 + length;
    if (bytes.length < end + 2)
      return bytes.length > requestBytesMax ? { is: 'refused' } : { is: 'incomplete' };
    const host = hostOf(type, bytes.subarray(4, end));
    if (host === undefined) return { is: 'refused', send: replyOf('addressUnknown') };
    const port = ((bytes[end] ?? 0) << 8) | (bytes[end + 1] ?? 0);
    return { is: 'asked', destination: { host, port }, rest: bytes.subarray(end + 2) };
  }
}

/** An answer to a request. The bound address is left at zero: it says nothing about a tunnel. */
export function replyOf(reply: keyof typeof replies): Uint8Array {
  return Uint8Array.of(version, replies[reply], 0, 1, 0, 0, 0, 0, 0, 0);
}

/** Bytes of the address field: IPv4, a counted name, IPv6; undefined for a type that is none, or a count yet to come. */
function addressBytes(type: number, count: number | undefined): number | undefined {
  if (type === 1) return 4;
  if (type === 4) return 16;
  return type === 3 && count !== undefined ? 1 + count : undefined;
}

function hostOf(type: number, field: Uint8Array): string | undefined {
  if (type === 1) return field.join('.');
  if (type === 4) {
    const groups = Array.from({ length: 8 }, (_, i) =>
      (((field[2 * i] ?? 0) << 8) | (field[2 * i + 1] ?? 0)).toString(16),
    );
    return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  }
  const name = String.fromCharCode(...field.subarray(1));
  // What cannot be a name is not looked at any further.
  return /^[A-Za-z0-9._:-]{1,255}$/u.test(name) ? name : undefined;
}

/** A client that asks before it was greeted back gets both answers, in order. */
function withFirst(first: Uint8Array, step: Step): Step {
  const { send = new Uint8Array(0) } = step;
  const both = new Uint8Array(first.length + send.length);
  both.set(first);
  both.set(send, first.length);
  return { ...step, send: both };
}
