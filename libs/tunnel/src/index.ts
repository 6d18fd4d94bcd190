/** Packets, filter and flows between a TUN device (or a packet filter) and a reach into a private network. */
export type { Carried, DatagramFlow, Destination, NameAnswer, Reach } from './reach/reach.ts';
