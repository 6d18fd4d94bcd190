/**
 * Every bound of the wire, with its reason. Official constants are from session-manager-plugin 1.2.677.0 and
 * amazon-ssm-agent 3.3.987.0; where ours differs the comment says why.
 */

/** Payload bytes of one stream message that we send. What both official ends use; receivers accept more. */
export const streamPayloadBytesMax = 1024;

/** Longest outer message accepted. The agent's control channel writes up to 142 000 bytes; nothing is longer. */
export const frameBytesMax = 262_144;

/**
 * Stream messages in flight (sent, not acknowledged). The official ends have no window and drop or forget when
 * 10 000 (client) or 100 000 (agent) are outstanding; we stop taking data from the caller instead. At 1 KiB each
 * this is 4 MiB, enough for 40 MiB/s at 100 ms of round trip. A power of two, since it is a ring.
 */
export const unacknowledgedMessagesMax = 4096;

/** Messages in flight before the first round trip is known, and after a new socket. More than most conversations ever need. */
export const pacingFirstMessages = 64;

/** Fewest messages in flight, however slow the agent: with fewer, one lost acknowledgement would hold everything up. */
export const pacingMessagesMin = 3;

/**
 * The queue that a bulk flow may build up before the agent, milliseconds. Between these bounds it is as long as the path's own round
 * trip, so that an interactive flow beside it waits about twice as long as alone.
 */
export const pacingQueueMsMin = 2;
export const pacingQueueMsMax = 60;

/** How long the least delay seen counts as the path's own, milliseconds (and once more as long). */
export const pacingBaseMs = 10_000;

/** How far above the expected number a message may be and still be kept for later. The client's own bound. */
export const reorderMessagesMax = 10_000;

/** Bytes kept for later because of reordering; messages beyond are dropped unacknowledged, so they come again. */
export const reorderBytesMax = 16_777_216;

/** Received bytes waiting for slow readers, over all streams, at which the driver is asked to stop reading. */
export const readPressureBytes = 1_048_576;

/** The same, at which messages are refused (neither acknowledged nor kept). smux's receive buffer is as big. */
export const readBufferBytesMax = 4_194_304;

/** Bytes of one stream that may wait to be sent; `write` accepts no more. */
export const streamWriteBytesMax = 262_144;

/** Bytes of all streams together that may wait to be sent. */
export const sessionWriteBytesMax = 4_194_304;

/** Streams open at once in one session. The official ends have no bound; a gateway instance has descriptors. */
export const streamsMax = 1024;

/** Longest data of one smux frame: the length field has 16 bits. */
export const smuxDataBytesMax = 65_535;

/** How often overdue messages are looked for, milliseconds. */
export const resendTickMs = 100;

/** Overdue messages sent again at one tick, or as many as the window allows where that is more. The official ends send one, which takes minutes to heal 5 % of loss. */
export const resendsPerTickMax = 32;

/** Times the client sends one message again before the session is given up; about five minutes, as in the official client. The agent never does. */
export const resendsMax = 3000;

/** How long the agent waits for HandshakeResponse, milliseconds. */
export const handshakeResponseMs = 15_000;

/** How long the client waits for HandshakeComplete after its socket opened, milliseconds. Official: for ever. */
export const handshakeCompleteMs = 30_000;

/** How often a smux NOP is sent where the peer's version expects it, and how often silence is checked for. */
export const keepAliveSendMs = 10_000;
export const keepAliveCheckMs = 30_000;

/** How long the agent waits for acknowledgements before it leaves, milliseconds. */
export const lingerMs = 2_000;

/** How long the agent waits for the answer to its encryption challenge, milliseconds. */
export const encryptionChallengeMs = 15_000;

/** An agent that has said nothing for so long is told the size of the terminal, to learn whether it is there: its program may be one that says nothing. */
export const silentProgramMs = 2_000;

/** An agent that would begin with a handshake has said so within this of acknowledging something; after it, its program is typed to. */
export const silentAgentSettledMs = 1_000;
