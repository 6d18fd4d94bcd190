/** Bounds of a catalogue, each with its reason. */
export const limits = {
  /** AWS allows 500 Session documents per account and region; above 300 another way of reaching is needed. */
  resourcesMax: 300,
  accountsMax: 200,
  /** Two are in use at a time; the rest are those that come next. */
  signingKeysMax: 16,
  /** As long as SALLYPORT_RECORDING_DAYS may say: nobody can shorten it afterwards. */
  recordingDaysMax: 3_650,
  gatewaysMax: 300,
  /** Fits a line of a terminal. */
  titleCharactersMax: 80,
  textCharactersMax: 500,
  /** EC2 allows 50 tags on a thing. */
  tagsMax: 50,
  /** EC2 tag keys and values. */
  tagKeyCharactersMax: 128,
  tagValueCharactersMax: 256,
  /** A region's bundle of RDS authorities has about 6,000; the lease answer carries it each time. */
  certificateCharactersMax: 32_768,
  /** Networks, port ranges and suffixes of one subnet: they travel in every token of 4 KiB at most. */
  cidrsMax: 16,
  portRangesMax: 16,
  suffixesMax: 16,
  /** How wide a network may be unless the catalogue writes a wider `widest`, and how wide that may be. */
  prefixDefault4: 20,
  prefixDefault6: 64,
  prefixMin4: 8,
  prefixMin6: 32,
  /** A hundred gigabits: no gateway is faster. */
  mbitPerSecondMax: 100_000,
  /** sshd knows no networks: PermitOpen lists each address. */
  permitOpenAddressesMax: 1024,
  /** A host has a key of each kind, and two while one is being replaced. */
  hostKeysMax: 8,
  /** Named commands of a shell: each takes two documents. */
  commandsMax: 20,
  /** A Session document holds 64 KB; a command of a line is meant. */
  commandCharactersMax: 1000,
} as const;
