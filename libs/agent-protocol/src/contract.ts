import type { Effects } from '@sallyport/effects';
import type { EndCode, FlowCode } from './codes.ts';

/**
 * One carrier as the link uses it: an ordered, reliable stream of bytes, such as one Session Manager session or one TCP connection. Several
 * carriers make one link faster and let it outlive the loss of each.
 */
export interface CarrierSink {
  /** Sends the parts in order. They are not changed afterwards, by neither side. */
  send(parts: readonly Uint8Array[]): void;
  /** Bytes that it took and could not pass on yet. */
  readonly backlog: number;
  /**
   * Bytes that it took and still reads: what lies before them may be used again for something else. Left out where that is not known, as with everything that
   * keeps what it was given.
   */
  readonly unwritten?: number | undefined;
  /** Closes it after what was sent; nothing is read from it any more. */
  close(): void;
}

/** What the owner of a carrier calls. After {@link lost} or `close` nothing is listened to. */
export interface CarrierInput {
  /** Bytes that arrived. The link keeps views of them, so the memory must not be used again, unless it was lent: then what is over is given back. */
  receive(bytes: Uint8Array): void;
  /** The backlog is gone. */
  drained(): void;
  /** The carrier is gone. */
  lost(): void;
}

/** One conversation inside a link, at either end. */
export interface MuxStream {
  readonly id: number;
  /** Bytes written and received so far. */
  readonly sent: number;
  readonly received: number;
  /** Takes all bytes, without copying them; lent ones are given back when they have arrived. False asks to wait for `writable`. Ignored after `end`, `reset` or the end of the link. */
  write(bytes: Uint8Array): boolean;
  /** Nothing more will be written; the other direction stays open. */
  end(): void;
  /** Breaks both directions at once. */
  reset(code?: FlowCode): void;
  /** Bytes handed out by `data` went on, so that as many more may come. What is never confirmed stops the peer, not the link. */
  consumed(bytes: number): void;
}

/** What a stream tells its owner. Nothing is told before the call that made the stream has returned. */
export interface StreamEvents {
  /** Bytes that came; lent ones are to be given back once they went on. */
  data(bytes: Uint8Array): void;
  /** The peer has said all. */
  end(): void;
  /** Broken by the peer, or with the link. Nothing follows. */
  reset(code: FlowCode): void;
  writable(): void;
}

/** One UDP conversation inside a link. */
export interface MuxDatagrams {
  readonly id: number;
  send(datagram: Uint8Array): void;
  /** Ends it at both ends. */
  close(code?: FlowCode): void;
}

export interface DatagramEvents {
  datagram(bytes: Uint8Array): void;
  ended(code: FlowCode): void;
}

/** A destination as the client wrote it: an address, or a name that the agent resolves and then judges. */
export interface AskedDestination {
  readonly host: string;
  readonly port: number;
}

export interface Answer {
  readonly code: 'NOERROR' | 'NXDOMAIN' | 'REFUSED' | 'SERVFAIL';
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
}

/** An Ed25519 public key as JWK (RFC 8037). */
export interface PublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
}

/** Compression of single chunks; injected, because no compressor is part of the language. */
export interface Packer {
  /** The packed form, or undefined when it is not shorter. */
  pack(bytes: Uint8Array): Uint8Array | undefined;
  /** Unpacks to exactly `plainBytes`; throws on anything else, without ever making more than that. */
  unpack(bytes: Uint8Array, plainBytes: number): Uint8Array;
}

export interface LinkPorts {
  readonly effects: Pick<Effects, 'clock' | 'timers' | 'random'>;
  /** Runs something after the present turn; what is written in one turn then leaves together. Default: a microtask. */
  readonly soon?: (run: () => void) => void;
  /** Without it nothing is compressed. */
  readonly packer?: Packer;
  /**
   * What the windows of all links of a process may have together, beyond what each stream has from the beginning; without it each link has its own bound
   * alone. `own` is what the link that asks has already. All of it is given back by the end of the link.
   */
  readonly windows?: { take(bytes: number, own: number): boolean; give(bytes: number): void };
}

/** What a client shows on each carrier. */
export interface Claim {
  readonly token: string;
  readonly publicKey: PublicKey;
  /** Signature of {@link signed} by the private half of `publicKey`. */
  readonly signature: Uint8Array;
  /** What must have been signed: the agent's challenge and everything that was agreed. */
  readonly signed: Uint8Array;
}

/** What the agent made of a claim that it found good. `grant` is its own and is handed back with every question. */
export interface Admission<G> {
  /** The same for carriers of the same client and grant: only those may join one link. */
  readonly owner: string;
  /** End of the token, Unix milliseconds. */
  readonly expiresAt: number;
  /** Conversations at once; the protocol's own limit holds as well. */
  readonly streamsMax?: number;
  readonly grant: G;
}

/** The agent's side of a link after admission. */
export interface AgentAssociation<G> {
  readonly id: string;
  /** From the latest token. */
  readonly grant: G;
  readonly expiresAt: number;
  readonly streams: number;
  readonly carriers: number;
  /** What the link keeps in memory for its client. */
  readonly heldBytes: number;
  /** Tells the client why and ends everything at once. */
  end(code: EndCode): void;
  /** L3 mode: a packet to the client. */
  sendPacket(packet: Uint8Array): void;
}

/** What the agent's runtime answers. Exceptions with a `code` of {@link FlowCode} refuse; any other is FLOW_UNREACHABLE. */
export interface AgentHost<G> {
  /** Judges a claim; throws a Problem when it is refused. `association` tells which link is joined or renewed, if any. */
  admit(claim: Claim): Promise<Admission<G>>;
  /** A token shown on a living link, by the holder of the key that was proved there. */
  renew(token: string, association: AgentAssociation<G>): Promise<Admission<G>>;
  /** A client wants a conversation. Call `accept` when the destination did, `stream.reset(code)` when it did not; data may already come. */
  openTcp(
    to: AskedDestination,
    association: AgentAssociation<G>,
    stream: MuxStream & { accept(): void; readonly heldBytes: number },
  ): StreamEvents;
  /** As {@link openTcp} for UDP. */
  openUdp?(to: AskedDestination, association: AgentAssociation<G>, flow: MuxDatagrams): DatagramEvents;
  echo?(host: string, payload: Uint8Array, association: AgentAssociation<G>): Promise<Uint8Array>;
  resolve?(name: string, type: 'A' | 'AAAA', association: AgentAssociation<G>): Promise<Answer>;
  /** L3 mode: a packet from the client. */
  packet?(packet: Uint8Array, association: AgentAssociation<G>): void;
  began?(association: AgentAssociation<G>): void;
  ended?(association: AgentAssociation<G>, code: EndCode): void;
}

export interface AgentMuxOptions<G> {
  readonly agentId: string;
  readonly ports: LinkPorts;
  readonly host: AgentHost<G>;
  /** Versions offered, best first; default all that this build speaks. */
  readonly versions?: readonly number[];
}

/** What a client needs to show itself on a carrier. */
export interface ClientCredentials {
  readonly publicKey: PublicKey;
  /** A token that is good for a while, for this agent. A Problem that it throws ends the carrier. */
  token(agentId: string): Promise<string>;
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface ClientLinkEvents {
  /** A carrier was admitted: conversations are carried, the first time or again. */
  up?(): void;
  /** No carrier is left; open conversations wait for one. */
  down?(): void;
  /** A carrier was refused or lost; the code is that of a Problem. */
  carrierEnded?(code: string): void;
  /** The agent has forgotten the link (or was restarted): what was open is reset, the link itself goes on. */
  restarted?(): void;
  /** The agent ended it. */
  ended?(code: EndCode): void;
  packet?(packet: Uint8Array): void;
}

export interface ClientLinkOptions {
  readonly ports: LinkPorts;
  readonly credentials: ClientCredentials;
  readonly events?: ClientLinkEvents;
  readonly versions?: readonly number[];
  /** The agent that is expected; another one is refused. */
  readonly agentId?: string;
}
