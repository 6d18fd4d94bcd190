import { Problem } from '@sallyport/problems';

/** One packet of the plaintext beginning, with the bytes that it came in. */
export interface PlainPacket {
  /** The message number; undefined for the lines before the first packet. */
  readonly type: number | undefined;
  /** The message without its number. */
  readonly body: Buffer;
  readonly bytes: Buffer;
}

/** Message number of SSH_MSG_NEWKEYS: what follows is encrypted. */
export const newKeys = 21;
/** What a server may say before its version (RFC 4253 section 4.2); OpenSSH stops at 8 KiB as well. */
const linesBytesMax = 16 * 1024;
/** Packets of a key exchange are small; OpenSSH takes 256 KiB at most. */
const packetBytesMax = 256 * 1024;

/**
 * Cuts one direction of an SSH connection into packets, from the version line up to NEWKEYS, where encryption begins (RFC 4253 sections 4.2 and 6). Refuses with
 * SSH_FAILED what is no SSH.
 */
export class PlainPackets {
  #rest = Buffer.alloc(0);
  #versionSeen = false;
  #over = false;

  /** NEWKEYS has passed: nothing after it can be read. */
  get over(): boolean {
    return this.#over;
  }

  /** What came and is not complete. */
  get rest(): Buffer {
    return this.#rest;
  }

  /** Takes what came and returns what is complete; after NEWKEYS the rest comes as one piece without a number. */
  take(bytes: Uint8Array): PlainPacket[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const packets: PlainPacket[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) packets.push(next);
    return packets;
  }

  #next(): PlainPacket | undefined {
    if (this.#rest.length === 0) return undefined;
    if (this.#over) return this.#cut(this.#rest.length, undefined);
    return this.#versionSeen ? this.#packet() : this.#line();
  }

  #line(): PlainPacket | undefined {
    const end = this.#rest.indexOf('\n');
    if (end < 0) {
      if (this.#rest.length > linesBytesMax) throw notSsh();
      return undefined;
    }
    this.#versionSeen = this.#rest.subarray(0, 4).toString('latin1') === 'SSH-';
    return this.#cut(end + 1, undefined);
  }

  #packet(): PlainPacket | undefined {
    if (this.#rest.length < 6) return undefined;
    const length = this.#rest.readUInt32BE(0);
    const padding = this.#rest[4] ?? 0;
    if (length > packetBytesMax || length < padding + 2) throw notSsh();
    if (this.#rest.length < 4 + length) return undefined;
    const type = this.#rest[5];
    if (type === newKeys) this.#over = true;
    return this.#cut(4 + length, type, this.#rest.subarray(6, 4 + length - padding));
  }

  #cut(count: number, type: number | undefined, body: Buffer = Buffer.alloc(0)): PlainPacket {
    const bytes = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return { type, body, bytes };
  }
}

function notSsh(): Problem {
  return new Problem('SSH_FAILED', { detail: 'What answers there does not speak SSH.' });
}
