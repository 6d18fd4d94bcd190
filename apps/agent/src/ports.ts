import type { Duplex } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import type { DatagramFlow, NameAnswer } from '@sallyport/tunnel';
import type { FlowRecord } from './records/flow-record.ts';

/** The network that the gateway reaches. Failures are Problems: FLOW_REFUSED, FLOW_UNREACHABLE, FLOW_TIMED_OUT, FLOW_LIMITED. */
export interface GatewayNetwork {
  /** Resolves with a half-open stream once the destination has accepted. Only checked addresses are ever passed. */
  dialTcp(address: string, port: number, signal: AbortSignal): Promise<Duplex>;
  openUdp(
    address: string,
    port: number,
    received: (datagram: Uint8Array) => void,
    ended: (code: string) => void,
  ): DatagramFlow;
  /** One ICMP echo; resolves with the payload that came back. */
  echo(address: string, payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** Asks the network's resolver, once. */
  resolve(name: string, type: 'A' | 'AAAA', signal: AbortSignal): Promise<NameAnswer>;
  /** Every address of every interface, as of now. */
  ownAddresses(): readonly string[];
}

/** A device for whole packets, where the gateway has one for the agent. */
export interface PacketDevice {
  /** What everything that goes out comes from: at most one address of each family. */
  readonly addresses: readonly string[];
  /** Hands a packet to the network; false when the device did not take it. */
  send(packet: Uint8Array): boolean;
  /** Who is given what comes back. The bytes are the receiver's. */
  receive(received: (packet: Uint8Array) => void): void;
}

/** What the control plane tells and takes; failures are Problems of kind `unavailable`, after which the agent tries again. */
export interface ControlPlane {
  /** Takes records; those it has already are no error. */
  takeFlows(records: readonly FlowRecord[], signal: AbortSignal): Promise<void>;
  /** Waits for revocations after the cursor, about 25 s at most; without one, the present cursor at once. */
  revocations(
    after: number | null,
    signal: AbortSignal,
  ): Promise<{ revoked: readonly { grantId: string }[]; cursor: number }>;
  /** The sets of signing keys of past rotations, the oldest first, each signed with a key of the one before. */
  keySets(signal: AbortSignal): Promise<readonly string[]>;
}

export interface AgentPorts {
  readonly effects: Effects;
  readonly network: GatewayNetwork;
  /** Without it, whole packets (L3) are not offered. */
  readonly packets?: PacketDevice;
  /** Without it, records stay where they are and only the tokens' end revokes. */
  readonly controlPlane?: ControlPlane;
  readonly records: { add(record: FlowRecord): void };
}
