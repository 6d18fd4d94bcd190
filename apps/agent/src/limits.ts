/** Bounds of the agent beyond those of the protocol. Each has a test at its edge. */

/** Clients (links) at once on one gateway. */
export const clientsMax = 256;
/** Conversations of all clients together: sockets cost about 20 KiB each in the kernel and here. */
export const flowsMax = 4096;
/** TCP connections of carriers, admitted or not; above it a new one is closed at once. */
export const carriersMax = 1024;
/**
 * What all clients together may have held in memory, beside the 100 MiB or so that the program itself takes; the unit gives it 512 MiB. Above it the
 * client that has most pays, with its greatest conversations first.
 */
export const heldBytesMax = 96 * 1024 * 1024;
/** Of that, how far the windows of all clients may have grown: honest bulk stays below the bound, however slow its destinations. */
export const windowShare = 2 / 3;
/** The windows of one link may grow so far whatever others have taken: 10 MB/s at 100 ms. Above it, one link may have half of what is left at most. */
export const windowBytesSure = 1024 * 1024;
/** How long a TCP destination may take to accept: shorter than most programs' patience, longer than a lost SYN. */
export const dialWithinMs = 10_000;
/** A UDP conversation without a datagram in either direction is over (RFC 4787 asks for two minutes at least). */
export const udpIdleMs = 120_000;
/** A flow of whole packets is over when its client has sent none for so long. */
export const packetIdleMs = 120_000;
/** Datagrams held back while a name is looked up. */
export const datagramsHeldMax = 16;
/** How long an echo is waited for. */
export const echoWithinMs = 5_000;
/** Echoes to one address are one record until they pause this long. */
export const echoIdleMs = 30_000;
/** How long the resolver may take. */
export const resolveWithinMs = 4_000;
/** Answers are believed by clients no longer than this, so that a revoked name does not linger. */
export const nameTtlSecondsMax = 60;
/** Addresses whose names are remembered for the records of one client. */
export const namesRememberedMax = 1024;
/** Conversations that never stood (refused, or left at once), recorded for one grant in a minute; more are only counted, or a scan would drown the records. */
export const refusalsRecordedPerMinute = 120;
/** Grants for which that is counted at once. */
export const grantsBudgetedMax = 4096;
/** Grants known to be revoked; the oldest are forgotten, whose tokens have long run out. */
export const revokedRememberedMax = 4096;
