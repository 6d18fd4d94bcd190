import type { Duplex } from 'node:stream';
import { createAgentMux, type Packer } from '@sallyport/agent-protocol';
import { prepareForRelaying } from '@sallyport/effects/memory';
import type { PublicKey } from '@sallyport/grant-token';
import { Host } from './host.ts';
import { carriersMax } from './limits.ts';
import { noMeters, type Meters } from './meters.ts';
import { joinCarrier } from './node/carrier.ts';
import { boundUnsentBytes } from '@sallyport/tunnel/unsent-bytes';
import type { AgentPorts } from './ports.ts';
import { carryRecords } from './records/courier.ts';
import type { RecordBuffer } from './records/record-buffer.ts';
import { Trust, type TrustedSet } from './trust.ts';
import { watchKeys, watchRevocations } from './watch.ts';

/** What an agent is: its enrolment, and what its administrator closed. */
export interface AgentConfig {
  readonly agentId: string;
  /** Name of the control plane, as in its tokens. */
  readonly issuer: string;
  /** The signing keys trusted at enrolment. */
  readonly keys: readonly PublicKey[];
  /** Serial of that set; 0 at enrolment. */
  readonly keysSerial?: number;
  /** Never dialled: the resolver of the network and whatever an administrator adds. */
  readonly closedAddresses?: readonly string[];
  /** Bytes that all clients together may have held in memory; default 96 MiB. */
  readonly heldBytesMax?: number;
}

export interface StartAgentOptions {
  readonly config: AgentConfig;
  readonly ports: Omit<AgentPorts, 'records'> & {
    /** Without it, records are dropped. */
    readonly records?: Pick<RecordBuffer, 'add' | 'next'>;
    readonly packer?: Packer;
    readonly meters?: Meters;
    /** Keeps keys that moved. */
    saveKeys?(set: TrustedSet): void;
  };
}

export interface RunningAgent {
  /** Takes one connection, such as one that Session Manager made to the loopback port. */
  accept(carrier: Duplex): void;
  /** Admitted clients at the moment. */
  readonly clients: number;
  /** What they make it hold in memory, together. */
  readonly heldBytes: number;
  /** What the windows of their conversations have grown by, together. */
  readonly windowBytes: number;
  /** Ends every client and conversation, and stops talking to the control plane. What was recorded stays recorded. */
  close(): Promise<void>;
}

/** Starts an agent that is handed its connections; who listens is the caller's business. */
export async function startAgent({ config, ports }: StartAgentOptions): Promise<RunningAgent> {
  prepareForRelaying();
  const { effects, network, packets, controlPlane, records, packer, meters = noMeters } = ports;
  const stopping = new AbortController();
  const trust = await Trust.of(config.issuer, { serial: config.keysSerial ?? 0, keys: config.keys }, (set) =>
    ports.saveKeys?.(set),
  );
  const host = new Host({
    agentId: config.agentId,
    issuer: config.issuer,
    keys: () => trust.keys,
    closedAddresses: config.closedAddresses ?? [],
    meters,
    ...(config.heldBytesMax === undefined ? {} : { heldBytesMax: config.heldBytesMax }),
    ports: {
      effects,
      network,
      ...(packets === undefined ? {} : { packets }),
      records: records ?? { add: () => undefined },
    },
  });
  const mux = createAgentMux({
    agentId: config.agentId,
    host,
    ports: {
      effects,
      windows: host.memory.windows,
      ...(packer === undefined ? {} : { packer }),
      // A microtask of Node's is an object and a hook each; both run before anything else is read.
      soon: (run) => process.nextTick(run),
    },
  });
  const background: Promise<void>[] = [];
  if (controlPlane !== undefined) {
    background.push(
      watchRevocations(controlPlane, (grantIds) => host.revoke(grantIds), effects, stopping.signal),
      watchKeys(controlPlane, trust, effects, stopping.signal),
    );
    if (records !== undefined) background.push(carryRecords(records, controlPlane, effects, stopping.signal));
  }
  const carriers = new Set<Duplex>();

  return {
    get clients() {
      return host.clients;
    },
    get heldBytes() {
      return host.memory.heldBytes;
    },
    get windowBytes() {
      return host.memory.windowBytes;
    },
    accept(carrier) {
      if (stopping.signal.aborted || carriers.size >= carriersMax) {
        carrier.destroy();
        return;
      }
      carriers.add(carrier);
      void boundUnsentBytes(carrier);
      joinCarrier(
        carrier,
        (sink) => mux.accept(sink),
        () => carriers.delete(carrier),
        (bytes) => host.memory.moved(bytes),
      );
    },
    async close() {
      stopping.abort(new Error('The agent stops.'));
      host.endAll();
      mux.close();
      for (const carrier of [...carriers]) carrier.destroy();
      await Promise.all(background);
    },
  };
}
