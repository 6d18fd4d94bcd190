/** Bounds of the agent's protocol, each with the reason for its size. A test stands at the edge of each that a peer can reach. */

/** Versions of the protocol that this build speaks, best first. */
export const versionsSpoken: readonly number[] = [1];

/** Body of a frame: a chunk of data with its offset, or a datagram. A longer length field ends the link before anything is allocated. */
export const frameBodyBytesMax = 65_536 + 64;
/** Body of a frame before the peer is known. */
export const handshakeBodyBytesMax = 8 * 1024;
/** A signed token; those of the control plane are about 1 KiB. */
export const tokenBytesMax = 4 * 1024;
/** Both halves of the handshake together take no longer than this. */
export const handshakeWithinMs = 5_000;
/** Connections that have not said who they are. */
export const halfOpenMax = 64;

/** Carriers of one link: as many as a tunnel has sessions. */
export const carriersMax = 8;
/** Conversations of one link, TCP and UDP together. */
export const streamsMax = 512;
/** Ids of conversations that arrived while an older one is still missing, which other carriers may bring later. */
export const openGapMax = 4_096;
/** Text of a destination: the longest DNS name. */
export const hostBytesMax = 253;
/** Echo requests and questions that wait for an answer. */
export const questionsMax = 256;
/** Payload of a datagram: what UDP over IPv4 can carry. */
export const datagramBytesMax = 65_507;
/** Datagrams and packets waiting for a carrier; more are dropped, as a full queue of a router does. */
export const datagramsWaitingMax = 256;

/** What a peer may send on a new stream before it hears anything: covers a round trip of small talk, and bounds 512 idle streams to 64 MiB. */
export const windowBytesFirst = 128 * 1024;
/** What one stream may have under way: 0.8 Gbit/s at a round trip of 40 ms. */
export const windowBytesMax = 4 * 1024 * 1024;
/** All windows of one link together, beyond what each stream has from the beginning. */
export const windowBytesTotal = 64 * 1024 * 1024;
/** Pieces of one stream that wait for an earlier one. Honest peers stay below 600. */
export const earlyPiecesMax = 4_096;
/** What a piece costs in memory beside its bytes, whoever keeps it: small pieces cost more than what they carry. */
export const pieceOverheadBytes = 256;
/** A view that keeps more than this many times its own length in memory is copied when it must wait. */
export const heldTimesMax = 4;
/** A writer is asked to wait when this much of a stream waits to be sent, and told to go on at half of it. */
export const waitingBytesMax = 256 * 1024;

/** Frames that are sent and not yet known to have arrived, on one carrier. A peer that lets more stand is hostile or broken. */
export const retainedFramesMax = 65_536;
/** Small frames that the link itself owes its peer and that wait for a carrier. */
export const controlFramesMax = 16_384;

/**
 * In flight on one carrier: at the beginning, on one that joins others whose way is known, at least, at most. What joins is most often for a link that is full
 * already: eight that began with much would fill its queue. The least keeps a session at AWS's pace full; more is queue.
 */
export const flightBytes = { first: 128 * 1024, joining: 32 * 1024, least: 48 * 1024, most: 8 * 1024 * 1024 };
/** One chunk of a stream: the turn of a stream among many, and the piece that striping deals out. */
export const chunkBytes = { least: 8 * 1024, most: 64 * 1024 };
/** What a stream with little to say may send although its carrier is full. */
export const preferredBytes = 32 * 1024;

/**
 * Receipt is told after so many bytes, but no sooner than `pauseMs` after the one before unless very many came, and at the latest after so many
 * milliseconds. A fast carrier so has one receipt a millisecond, not one for each piece that the system hands out.
 */
export const receiptAfter = { bytes: 8 * 1024, pauseMs: 1, manyBytes: 1024 * 1024, ms: 10 };
/**
 * Ends that nobody waits for go together after so many milliseconds: what a connection costs when it is over would else stand in the way of the next one,
 * which a program that closes after its answer often opens at once.
 */
export const lastEndsAfterMs = 5;
/** A carrier that confirms nothing for this long, although others might, has its frames sent again elsewhere. */
export const stalledAfterMs = 1_000;
/** A carrier silent for this long is asked for a sign of life, and given up after twice that. */
export const silentAfterMs = 15_000;
/** A carrier that confirms nothing of what is in flight for this long is given up, however lively it is otherwise. */
export const stuckAfterMs = 60_000;
/** How long an agent keeps a link without carriers. */
export const keptWithoutCarrierMs = 60_000;
/** Streams close this long after the token's end, when no new one was shown. */
export const graceAfterTokenMs = 5_000;
