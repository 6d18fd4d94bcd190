const dayMs = 86_400_000;

/** Bounds of recordings; how much is kept and for how long are settings (SALLYPORT_RECORDING_*). */
export const limits = {
  /** Of one encrypted file; the database has the same rule. */
  bytesMax: 64 * 1024 * 1024,
  /** A session longer than one file makes several. */
  perSessionMax: 16,
  /** After the end of the grant. */
  acceptedForMs: 7 * dayMs,
  /** A session that closed so long ago without its recording is told of. */
  missingAfterMs: dayMs,
  /** How often leases are looked through, and how far back: as long as everything may have stood still. */
  leasesEveryMs: 3_600_000,
  leasesBackMs: 7 * dayMs,
  /** A body that cannot be removed yet (a lock of its bucket) is looked at again after so long. */
  askedAgainAfterMs: 6 * 3_600_000,
  /** A head whose body has not come counts against the quotas for so long. */
  announcedCountsMs: dayMs,
  /** Recordings that one page of a list shows. */
  pageSize: 50,
} as const;
