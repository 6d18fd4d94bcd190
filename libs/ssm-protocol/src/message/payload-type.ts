/** PayloadType numbers (specification section 5.2). */
export const payloadTypes = {
  none: 0,
  output: 1,
  error: 2,
  size: 3,
  parameter: 4,
  handshakeRequest: 5,
  handshakeResponse: 6,
  handshakeComplete: 7,
  encChallengeRequest: 8,
  encChallengeResponse: 9,
  flag: 10,
  stdErr: 11,
  exitCode: 12,
} as const;

/** Values of a flag message, a 4-byte big-endian number. */
export const flagValues = {
  /** Client: the local connection closed (basic port session). */
  disconnectToPort: 1,
  /** Client: the user asked to end. */
  terminateSession: 2,
  /** Agent: the dial to the destination failed (smux). */
  connectToPortError: 3,
} as const;

/** Header flags in use: the first output message, and messages outside the stream. Input messages carry 0. */
export const headerFlags = { none: 0, firstOfStream: 1, control: 3 } as const;
