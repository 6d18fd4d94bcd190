/** Clients send nothing, so a frame of more than a few bytes is hostile. */
export const inboundBytesMax = 1_024;
/** Hints that wait for one connection; a reader that is further behind had better read everything anew. */
export const queuedHintsMax = 256;
/** Bytes that the socket has not taken yet. */
export const bufferedBytesMax = 262_144;
/** A connection that does not answer a ping by the next one is gone. Also how often standing is looked at again. */
export const pingEveryMs = 15_000;
/** Sockets whose person is not known, yet or any more: a restart brings many at once, each for a moment. */
export const unprovenConnectionsMax = 256;
/** Sockets in all, of one process. */
export const connectionsMax = 2_000;
/** Open connections of one person: windows, command lines, and a margin. */
export const connectionsPerPersonMax = 50;
