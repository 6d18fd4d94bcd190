/** Branded ids: a prefix, an underscore and a ULID. The brand keeps one noun's id from being passed for another's. */
type Id<Prefix extends string> = string & { readonly __noun?: Prefix };

export type PersonId = Id<'prs'>;
export type ResourceId = Id<'rsc'>;
export type RequestId = Id<'req'>;
export type ItemId = Id<'itm'>;
export type ReviewId = Id<'rev'>;
export type GrantId = Id<'grt'>;
export type LeaseId = Id<'lse'>;
export type SessionId = Id<'ses'>;
export type EventId = Id<'evt'>;

/** Unix milliseconds. */
export type Instant = number;
