import { Transform, type TransformCallback } from 'node:stream';
import { Problem } from '@sallyport/problems';
import { newKeys, PlainPackets, type PlainPacket } from './plain-packets.ts';
import { SshReader } from './ssh-wire.ts';

/** What is learned of a server while its first key exchange passes. */
export interface HostKeyJudge {
  /** The server's key exchange offer has come: whether it knows Curve25519. One that does not takes no Ed25519 key of a user either. */
  offered(curve25519: boolean): void;
  /** The server shows this key (as on the wire). Passes on when it resolves; its refusal ends the connection. */
  shown(key: Buffer): Promise<void>;
  /** The client has verified that the server holds the key. */
  verified(key: Buffer): void;
}

const keyExchangeInit = 20;
/** Replies that begin with the host key: of every Diffie-Hellman but that with a group of the server's choice (31), and of that one (33). */
const keyExchangeReplies = new Set<number | undefined>([31, 33]);
const cookieBytes = 16;

/**
 * Stands in an SSH connection and holds the server's answer to the key exchange back until its host key was judged: `down` is for what the server
 * says, `up` for what the client says. The rest passes as it is.
 */
export class HostKeyGate {
  readonly down: Transform;
  readonly up: Transform;
  readonly #judge: HostKeyJudge;
  #key: Buffer | undefined;

  constructor(judge: HostKeyJudge) {
    this.#judge = judge;
    this.down = through((packet) => this.#fromServer(packet));
    this.up = through((packet) => this.#fromClient(packet));
  }

  async #fromServer({ type, body }: PlainPacket): Promise<void> {
    if (type === keyExchangeInit) return this.#judge.offered(knowsCurve25519(body));
    if (type === newKeys && this.#key === undefined)
      throw new Problem('SSH_HOST_KEY_UNKNOWN', {
        detail: 'The server changed keys without showing its own.',
      });
    if (!keyExchangeReplies.has(type)) return;
    const key = hostKeyIn(body);
    // 31 is also how a server names its group, and then no key comes with it yet.
    if (key === undefined) return;
    await this.#judge.shown(key);
    this.#key = key;
  }

  #fromClient({ type }: PlainPacket): void {
    if (type === newKeys && this.#key) this.#judge.verified(this.#key);
  }
}

/** The host key at the beginning of a reply, if it is one: its own first string names its kind. */
function hostKeyIn(body: Buffer): Buffer | undefined {
  const key = new SshReader(body).string();
  const kind = key && new SshReader(key).text();
  return kind !== undefined && /^[a-z0-9@.-]{6,64}$/u.test(kind) ? Buffer.from(key ?? []) : undefined;
}

function knowsCurve25519(init: Buffer): boolean {
  const reader = new SshReader(init);
  reader.skip(cookieBytes);
  return (reader.text() ?? '').includes('25519');
}

function through(look: (packet: PlainPacket) => Promise<void> | void): Transform {
  const packets = new PlainPackets();
  const pass = async (stream: Transform, chunk: Buffer) => {
    for (const packet of packets.take(chunk)) {
      await look(packet);
      stream.push(packet.bytes);
    }
  };
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      if (packets.over) return done(null, chunk);
      pass(this, chunk).then(
        () => done(),
        (error: Error) => done(error),
      );
    },
    // What ends in the middle of a packet was never SSH; the client says so in its own words.
    flush(done: TransformCallback) {
      done(null, packets.rest);
    },
  });
}
