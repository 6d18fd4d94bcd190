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

/** What the control plane tells and takes; failures are Problems of kind `unavailable`, after which the agent tries again. */
export interface ControlPlane {
  /** Takes records; those it has already are no error. */
  takeFlows(records: readonly FlowRecord[], signal: AbortSignal): Promise<void>;
  /** Waits for revocations after the cursor, about 25 s at most; without one, the present cursor at once. */
  revocations(
    after: number | null,
    signal: AbortSignal,
  ): Promise<{ revoked: readonly { grantId: string }[]; cursor: number }>;
  /** A newer set of signing keys, signed with an older one, if there is one. */
  keySet(signal: AbortSignal): Promise<string | null>;
}

export interface AgentPorts {
  readonly effects: Effects;
  readonly network: GatewayNetwork;
  /** Without it, records stay where they are and only the tokens' end revokes. */
  readonly controlPlane?: ControlPlane;
  readonly records: { add(record: FlowRecord): void };
}
