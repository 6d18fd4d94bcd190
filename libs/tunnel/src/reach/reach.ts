import type { Duplex } from 'node:stream';

/** What a reach can carry: `ip` is any IP protocol, packet by packet (L3 mode of the companion agent). */
export type Carried = 'tcp' | 'udp' | 'icmp' | 'ip';

/** Where a conversation goes: an IPv4 or IPv6 address in its canonical text form, never a name. */
export interface Destination {
  readonly address: string;
  readonly port: number;
}

/** Datagrams with one destination, in order of neither arrival nor sending. */
export interface DatagramFlow {
  /** Sends one datagram; dropped when the way is full, as UDP allows. */
  send(datagram: Uint8Array): void;
  close(): void;
}

/** A DNS answer: the wire form (RFC 1035), with the question's id left to the asker. */
export interface NameAnswer {
  readonly code: 'NOERROR' | 'NXDOMAIN' | 'REFUSED' | 'SERVFAIL';
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
}

/** What becomes of a conversation that was asked for by {@link Reach.openTcpNow}: one of the two, once. */
export interface OpenTold {
  readonly opened: (stream: Duplex) => void;
  readonly failed: (error: unknown) => void;
}

/** A conversation that is being opened. */
export interface OpeningNow {
  /** Nobody wants it any more; nothing is told of it afterwards. */
  abandon(): void;
}

/**
 * A way to the private network that a grant opens: pinned sessions, SSH through a gateway, or the companion agent. The packet side knows
 * nothing else of the far side. Refusals are Problems: FLOW_REFUSED (the far side answered RST), FLOW_UNREACHABLE, FLOW_TIMED_OUT,
 * FLOW_NOT_GRANTED, FLOW_LIMITED, REACH_DOWN (no session now), REACH_ENDED (the grant is over).
 */
export interface Reach {
  readonly carries: ReadonlySet<Carried>;
  /**
   * Resolves when the far side has really accepted, so that a SYN held back until then tells the truth. The stream is half-open where the
   * way is; destroying it resets the far side.
   */
  openTcp(to: Destination, signal: AbortSignal): Promise<Duplex>;
  /**
   * As {@link openTcp}, without promises and signals, and the far side is asked before it returns: for a router, where each connection waits for it. Undefined when it
   * would have to wait; then {@link openTcp} does. Throws what refuses it at once.
   */
  openTcpNow?(to: Destination, told: OpenTold): OpeningNow | undefined;
  openUdp?(
    to: Destination,
    received: (datagram: Uint8Array) => void,
    ended: (code: string) => void,
  ): DatagramFlow;
  /** One ICMP echo: resolves with the payload that came back, rejects FLOW_TIMED_OUT or FLOW_UNREACHABLE. */
  echo?(address: string, payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** Asks the private network's resolver; refused for names outside the grant. */
  resolve?(name: string, type: 'A' | 'AAAA', signal: AbortSignal): Promise<NameAnswer>;
  /** L3 mode: packets out by `send`, packets in by the callback. */
  packets?(received: (packet: Uint8Array) => void): { send(packet: Uint8Array): void; close(): void };
}
