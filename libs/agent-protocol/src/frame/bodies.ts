import type { Answer, AskedDestination } from '../contract.ts';
import { hostBytesMax } from '../limits.ts';
import { violation } from '../violation.ts';
import { putUint32, utf8 } from './encode.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads a uint24; the caller knows that the bytes are there. */
export function readUint24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | readUint24(bytes, at + 1)) >>> 0;
}

export function readUint48(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 8) | bytes[at + 1]!) * 2 ** 32 + readUint32(bytes, at + 2);
}

/** The only uint48 of a body. */
export function bodyUint48(body: Uint8Array): number {
  if (body.length !== 6) throw violation('a number has six bytes');
  return readUint48(body, 0);
}

/** The only byte of a body. */
export function bodyByte(body: Uint8Array): number {
  if (body.length !== 1) throw violation('a code has one byte');
  return body[0]!;
}

/** Text in UTF-8; refuses what is none. */
export function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw violation('text is UTF-8');
  }
}

function hostOf(bytes: Uint8Array): string {
  if (bytes.length === 0 || bytes.length > hostBytesMax) throw violation('a host has 1 to 253 bytes');
  // An address, as most are, and most names: no decoder is asked.
  return bytes.every((byte) => byte < 0x80) ? String.fromCharCode(...bytes) : textOf(bytes);
}

const kinds = { tcp: 1, udp: 2 } as const;

export function openBody(kind: 'tcp' | 'udp', to: AskedDestination): Uint8Array {
  const host = utf8(to.host);
  if (host.length === 0 || host.length > hostBytesMax) throw new RangeError('a host has 1 to 253 bytes');
  const body = new Uint8Array(3 + host.length);
  body[0] = kinds[kind];
  body[1] = to.port >>> 8;
  body[2] = to.port;
  body.set(host, 3);
  return body;
}

export function readOpen(body: Uint8Array): { readonly kind: 'tcp' | 'udp'; readonly to: AskedDestination } {
  if (body.length < 4) throw violation('a destination has a kind, a port and a host');
  const kind = body[0] === kinds.tcp ? 'tcp' : body[0] === kinds.udp ? 'udp' : undefined;
  if (!kind) throw violation('a conversation is TCP or UDP');
  return { kind, to: { port: (body[1]! << 8) | body[2]!, host: hostOf(body.subarray(3)) } };
}

export function echoBody(host: string, payload: Uint8Array): Uint8Array {
  const address = utf8(host);
  if (address.length === 0 || address.length > hostBytesMax) throw new RangeError('an address is short');
  const body = new Uint8Array(1 + address.length + payload.length);
  body[0] = address.length;
  body.set(address, 1);
  body.set(payload, 1 + address.length);
  return body;
}

export function readEcho(body: Uint8Array): { readonly host: string; readonly payload: Uint8Array } {
  const length = body[0] ?? 0;
  if (body.length < 1 + length) throw violation('an echo has an address');
  return { host: hostOf(body.subarray(1, 1 + length)), payload: body.subarray(1 + length) };
}

const types = { A: 1, AAAA: 28 } as const;

export function questionBody(name: string, type: 'A' | 'AAAA'): Uint8Array {
  const text = utf8(name);
  if (text.length === 0 || text.length > hostBytesMax) throw new RangeError('a name has 1 to 253 bytes');
  return Uint8Array.of(types[type], ...text);
}

export function readQuestion(body: Uint8Array): { readonly name: string; readonly type: 'A' | 'AAAA' } {
  const type = body[0] === types.A ? 'A' : body[0] === types.AAAA ? 'AAAA' : undefined;
  if (!type) throw violation('a question is for A or AAAA');
  return { type, name: hostOf(body.subarray(1)) };
}

/** RFC 1035, section 4.1.1. */
const rcodes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
/** Addresses in one answer: more than any resolver gives for a private name. */
const addressesMax = 64;
const addressBytesMax = 64;

export function answerBody(answer: Answer): Uint8Array {
  const texts = answer.addresses.slice(0, addressesMax).map(utf8);
  const body = new Uint8Array(5 + texts.reduce((sum, { length }) => sum + 1 + length, 0));
  body[0] = rcodes[answer.code];
  putUint32(body, 1, Math.min(Math.max(0, Math.floor(answer.ttlSeconds)), 0xffff_ffff));
  let at = 5;
  for (const text of texts) {
    body[at] = text.length;
    body.set(text, at + 1);
    at += 1 + text.length;
  }
  return body;
}

export function readAnswer(body: Uint8Array): Answer {
  if (body.length < 5) throw violation('an answer has a code and a time to live');
  const code = (Object.keys(rcodes) as Answer['code'][]).find((name) => rcodes[name] === body[0]);
  const addresses: string[] = [];
  for (let at = 5; at < body.length;) {
    const length = body[at]!;
    if (length === 0 || length > addressBytesMax || at + 1 + length > body.length)
      throw violation('an address of an answer has its length before it');
    addresses.push(textOf(body.subarray(at + 1, at + 1 + length)));
    if (addresses.length > addressesMax) throw violation('an answer has at most 64 addresses');
    at += 1 + length;
  }
  return { code: code ?? 'SERVFAIL', addresses, ttlSeconds: readUint32(body, 1) };
}

/** Bytes as base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/u, '');
}

/** The bytes of a base64url text; undefined when it is none. */
export function fromBase64url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/u.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
  } catch {
    return undefined;
  }
}
