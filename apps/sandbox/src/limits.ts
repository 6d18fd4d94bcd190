/**
 * Bounds of the sandbox. Where AWS documents a figure it is AWS's; the others keep a hostile caller from
 * filling the memory of one small process.
 */
export const limits = {
  /** Largest body of an API call, bytes. STS and SSM take far less. */
  bodyBytesMax: 128 * 1024,
  /** Largest object that S3 takes here in one piece. */
  objectBytesMax: 128 * 1024 * 1024,
  /** Members of a Query call: 50 tags of two, filters, and the rest. */
  formMembersMax: 2000,
  /** SigV4 (documented): a signature is good for five minutes either way. */
  clockSkewMs: 5 * 60_000,
  /** SigV4 (documented): a presigned URL lives at most a week. */
  presignedSecondsMax: 7 * 24 * 3600,
  /** STS (documented): inline session policy, characters of plain text. */
  sessionPolicyCharsMax: 2048,
  /** STS (documented): session tags of one call, and the length of key and value. */
  sessionTagsMax: 50,
  tagKeyCharsMax: 128,
  tagValueCharsMax: 256,
  /** STS keeps its packed limit to itself; policies and tags deflated may take this many bytes here. */
  packedBytesMax: 1200,
  /** STS (documented): longest session token. */
  sessionTokenBytesMax: 4096,
  /** STS (documented): shortest and longest life of a role session, and the cap of role chaining. */
  durationSecondsMin: 900,
  durationSecondsMax: 43_200,
  chainedSecondsMax: 3600,
  /** Session Manager (documented): one agent serves at most this many sessions. */
  sessionsPerInstanceMax: 1000,
  /** Sessions kept for DescribeSessions history. */
  historyMax: 5000,
  /** Data channel: a client token must be shown within this time of its issue. */
  tokenLifeMs: 60_000,
  /** Data channel: one WebSocket message; a stream message is 120 + 1024 bytes, handshakes a few KiB. */
  frameBytesMax: 64 * 1024,
  /** Control channel: the official agent's write buffer, and one reply's payload stays below 120 000 bytes. */
  controlFrameBytesMax: 160 * 1024,
  /** ec2messages: how long a poll that finds nothing is held. */
  messagePollMs: 10_000,
  /** Data channel sockets that are open but have not shown a token yet. */
  openingSocketsMax: 200,
  openingMs: 10_000,
  /** Data channel: sockets in all. */
  socketsMax: 2000,
  /** TCP connections in all, API calls included. */
  connectionsMax: 2500,
  /** Data channel: sockets in a black hole (a fault) are kept this long for a peer that never gives up. */
  darkMs: 10 * 60_000,
  /** Relay: frames held for a peer that is away or slow. The rest is dropped; stream data is sent again. */
  heldFramesMax: 4096,
  heldBytesMax: 8 * 1024 * 1024,
  /** A client socket that holds more unsent bytes than this pauses the agent. */
  socketHighWaterBytes: 1024 * 1024,
  /** Data channel: age at which the service closes it with 1000 "Bye" (observed, about an hour). */
  channelLifeMs: 60 * 60_000,
  /** Session Manager (documented): idle time-out when the account's preferences do not say. */
  idleMs: 20 * 60_000,
  /** Frames are held back this long after HandshakeComplete, for official clients that go deaf otherwise. */
  holdBackMs: 100,
  /** RDS (documented): a token for a database is good for 15 minutes. */
  databaseTokenSeconds: 900,
  /** Instance Connect (documented): a pushed key is good for a minute. */
  pushedKeyMs: 60_000,
  /** Keys kept for one user of one instance. */
  pushedKeysPerUserMax: 20,
  /** Calls per second and burst, per principal and action. */
  callsPerSecond: 20,
  callBurst: 60,
  throttleBucketsMax: 10_000,
} as const;
