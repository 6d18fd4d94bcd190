/** The source of chance. */
export interface Random {
  /** `count` bytes; in the system form cryptographically strong. */
  bytes(count: number): Uint8Array;
  /** A float in [0, 1) for jitter and fault plans; never for secrets. */
  fraction(): number;
  /** A random (version 4) UUID, lower case with hyphens. */
  uuid(): string;
}
