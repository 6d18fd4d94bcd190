/** Largest body that is read: 64 KiB hold the longest reason a hundred times over. */
export const bodyBytesMax = 65_536;

/**
 * How long a connection is kept on which nothing is asked, in milliseconds. Longer than load balancers keep theirs (60 s), and told to clients: a request that is sent as we
 * close the connection is lost, and who sent it cannot know whether it was heard. Node's own 5 s met leases that a busy machine asked for.
 */
export const idleConnectionMs = 75_000;
