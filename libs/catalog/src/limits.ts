/** Bounds of a catalogue, each with its reason. */
export const limits = {
  /** AWS allows 500 Session documents per account and region; above 300 another way of reaching is needed. */
  resourcesMax: 300,
  accountsMax: 200,
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
} as const;
