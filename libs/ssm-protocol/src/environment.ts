/** What the wire needs from the world. It imports no crypto and no clock, so that it runs anywhere and replays. */
export interface WireEnvironment {
  /** SHA-256 of the bytes, 32 bytes. In Node best `(b) => crypto.hash('sha256', b, 'buffer')`: it runs per message. */
  sha256(bytes: Uint8Array): Uint8Array;
  /** A random UUID, lower case with hyphens. Called a few times per session, not per message. */
  uuid(): string;
  /** Wall time in Unix milliseconds, for CreatedDate. */
  wallTime(): number;
}
