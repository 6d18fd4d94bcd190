/** Bounds of the domain. Durations are seconds. Each has a test at its edge. */
export const limits = {
  /** Shorter grants end before a client is through its handshake. */
  grantSecondsMin: 5,
  /** No policy may allow more. */
  grantSecondsMax: 30 * 24 * 3600,
  reasonCharactersMax: 500,
  commentCharactersMax: 500,
  ticketCharactersMax: 100,
  /** Of one grant, where its policy sets no number. */
  extensionsMax: 100,
  itemsMax: 20,
  /** How far ahead a request may ask to start. */
  startAheadSecondsMax: 30 * 24 * 3600,
  /** The useful life of a lease; STS itself cannot issue for less than 900 s. */
  leaseSeconds: 120,
  /** A lease that would be useful for less than this is not worth the call to STS. */
  leaseSecondsMin: 1,
  /** Per grant, not yet settled. */
  leasesInFlightMax: 5,
  /** Per person and minute. */
  leasesPerMinuteMax: 60,
  /** Per person and hour, of those that somebody has to read. */
  requestsPerHourMax: 60,
  /** Per person and hour, of those that policies approve by themselves: scripts may ask, loops may not. */
  automaticRequestsPerHourMax: 600,
  /** Sessions of a grant that are not closed; a pool for one resource needs no more. */
  liveSessionsPerGrantMax: 32,
  /** Clients send a heartbeat each 10 s; after this silence the session counts as lost. */
  heartbeatSilenceSeconds: 45,
  /** When the sessions of an ended grant are looked for, in seconds after its end: a lease lives up to 120 s. */
  sweepSeconds: [0, 5, 15, 30, 60, 130],
  /** Distance of further sweeps while the last one still found something. */
  sweepAgainSeconds: 60,
} as const;
