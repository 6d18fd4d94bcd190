/** Largest body that is read: 64 KiB hold the longest reason a hundred times over. */
export const bodyBytesMax = 65_536;
