/** An agent token must come again every minute: that bounds how long a revoked grant can live on the agent. */
export const agentTokenSecondsMax = 60;
/** The whole agent token; the agent reads no more than this before it knows who speaks. */
export const agentTokenBytesMax = 4096;
/** A route grant lasts as long as its grant, and no grant lasts longer than a day. */
export const routeGrantSecondsMax = 24 * 60 * 60;
/** Several route grants and the rest of the message must fit the 64 KiB of the helper's socket. */
export const routeGrantBytesMax = 24 * 1024;
/** A signed call is sent at once. */
export const agentCallSecondsMax = 60;
export const agentCallBytesMax = 2048;
export const keySetBytesMax = 4096;
/** Two keys: the one in use and the one before or after it. */
export const trustedKeysMax = 2;
/** How far the clocks of two machines may lie apart before a fresh token counts as not yet valid. */
export const clockSkewSecondsMax = 5;
export const allowEntriesMax = 64;
export const portRangesMax = 32;
export const suffixesMax = 32;
export const namesMax = 256;
