import type { PublicKey } from '../contract.ts';
import { base64url, fromBase64url, textOf } from '../frame/bodies.ts';
import { utf8 } from '../frame/encode.ts';
import { tokenBytesMax } from '../limits.ts';
import { violation } from '../violation.ts';

/** What an agent can do besides TCP. */
export type Feature = 'udp' | 'echo' | 'names' | 'packets' | 'zstd';
const features: readonly Feature[] = ['udp', 'echo', 'names', 'packets', 'zstd'];

/** The agent's first words on a carrier. */
export interface Hello {
  readonly agentId: string;
  /** Best first. */
  readonly versions: readonly number[];
  /** As the agent wrote them: a newer one may know features that we do not. */
  readonly features: readonly string[];
  /** 32 bytes. */
  readonly nonce: Uint8Array;
}

/** The client's answer. */
export interface ClaimMessage {
  readonly version: number;
  readonly features: readonly string[];
  readonly token: string;
  readonly publicKey: PublicKey;
  readonly signature: Uint8Array;
  /** The link to join; empty for a new one. */
  readonly association: string;
}

export interface Welcome {
  readonly association: string;
  readonly streamsMax: number;
  /** For how long the token is good. */
  readonly tokenEndsInMs: number;
}

const protocol = 'sallyport-agent';
const nonceBytes = 32;
const idBytesMax = 128;

type Json = Readonly<Record<string, unknown>>;

function read(body: Uint8Array): Json {
  try {
    const value: unknown = JSON.parse(textOf(body));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Said below, as for every other form that is none.
  }
  throw violation('the handshake is JSON');
}

function text(json: Json, name: string, bytesMax = idBytesMax): string {
  const value = json[name];
  if (typeof value !== 'string' || value.length > bytesMax) throw violation(`${name} is a short text`);
  return value;
}

function whole(json: Json, name: string): number {
  const value = json[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw violation(`${name} is a number`);
  return value as number;
}

function featuresOf(json: Json): string[] {
  const value = json['features'];
  const short = (item: unknown) => typeof item === 'string' && item.length <= 32;
  if (!Array.isArray(value) || value.length > 32 || !value.every(short))
    throw violation('features is a short list');
  return value as string[];
}

/** Those features of a list that this build knows. */
export function knownFeatures(list: readonly string[]): Feature[] {
  return features.filter((feature) => list.includes(feature));
}

function bytes(json: Json, name: string, length: number): Uint8Array {
  const value = fromBase64url(text(json, name));
  if (value?.length !== length) throw violation(`${name} has ${length} bytes`);
  return value;
}

export function helloBody(hello: Hello): Uint8Array {
  return utf8(JSON.stringify({ protocol, ...hello, nonce: base64url(hello.nonce) }));
}

export function readHello(body: Uint8Array): Hello {
  const json = read(body);
  if (json['protocol'] !== protocol) throw violation('the other side is no companion agent');
  const { versions } = json;
  if (!Array.isArray(versions) || versions.length > 32 || !versions.every(Number.isSafeInteger))
    throw violation('versions is a short list of numbers');
  return {
    agentId: text(json, 'agentId'),
    versions: versions as number[],
    features: featuresOf(json),
    nonce: bytes(json, 'nonce', nonceBytes),
  };
}

export function claimBody(claim: ClaimMessage): Uint8Array {
  return utf8(JSON.stringify({ ...claim, signature: base64url(claim.signature) }));
}

export function readClaim(body: Uint8Array): ClaimMessage {
  const json = read(body);
  const key = json['publicKey'] as Json | null;
  if (typeof key !== 'object' || key === null || key['kty'] !== 'OKP' || key['crv'] !== 'Ed25519')
    throw violation('the key is an Ed25519 key');
  return {
    version: whole(json, 'version'),
    features: featuresOf(json),
    token: text(json, 'token', tokenBytesMax),
    publicKey: { kty: 'OKP', crv: 'Ed25519', x: text(key, 'x') },
    signature: bytes(json, 'signature', 64),
    association: text(json, 'association'),
  };
}

export function welcomeBody(welcome: Welcome): Uint8Array {
  return utf8(JSON.stringify(welcome));
}

export function readWelcome(body: Uint8Array): Welcome {
  const json = read(body);
  return {
    association: text(json, 'association'),
    streamsMax: whole(json, 'streamsMax'),
    tokenEndsInMs: whole(json, 'tokenEndsInMs'),
  };
}

export function refusedBody(code: string): Uint8Array {
  return utf8(JSON.stringify({ code }));
}

export function readRefused(body: Uint8Array): string {
  return text(read(body), 'code');
}

/**
 * What the client signs: the challenge, and all that both sides said until then, so that nobody between them can take a version or a feature
 * away, or use the answer on another agent or link.
 */
export function signedBytes(
  hello: Hello,
  claim: Pick<ClaimMessage, 'version' | 'features' | 'association'>,
): Uint8Array {
  const { agentId, versions, nonce } = hello;
  return utf8(
    JSON.stringify([
      `${protocol} claim`,
      base64url(nonce),
      agentId,
      versions,
      hello.features,
      claim.version,
      claim.features,
      claim.association,
    ]),
  );
}
