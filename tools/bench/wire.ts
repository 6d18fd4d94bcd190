import { hash, randomUUID } from 'node:crypto';
import {
  createAgentSession,
  createClientSession,
  decodeMessage,
  encodeMessage,
  type AgentSession,
  type ClientSession,
  type SessionSink,
  type WireEnvironment,
} from '@sallyport/ssm-protocol';
import { bareReceive, bareStreamFrame } from './bare-loop.ts';
import { median, rateFigure, type Bench, type Figure } from './figure.ts';

const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'buffer');
const environment: WireEnvironment = {
  sha256,
  uuid: randomUUID,
  wallTime: Date.now,
};

const mebibyte = 1024 * 1024;
const bytesPerRound = 24 * mebibyte;
const rounds = 5;
const chunk = new Uint8Array(65_536).fill(0x61);

/** A client and an agent that answer each other by plain calls, after the handshake, with one stream open. */
class Joined {
  readonly client: ClientSession;
  readonly agent: AgentSession;
  stream = 0;
  received = 0;
  #toClient: Uint8Array[] = [];
  #toAgent: Uint8Array[] = [];

  constructor() {
    const shared: Omit<SessionSink, 'frame'> = {
      text: () => undefined,
      sendable: () => undefined,
      readPressure: () => undefined,
      data: (_stream, bytes) => void (this.received += bytes.length),
      end: () => undefined,
      writable: () => undefined,
      discarded: (reason) => {
        throw new Error(`discarded: ${reason}`);
      },
    };
    this.client = createClientSession(
      { environment },
      {
        ...shared,
        frame: (frame) => void this.#toAgent.push(frame),
        ready: () => undefined,
        connectFailed: () => undefined,
        closed: ({ cause }) => {
          throw new Error(cause);
        },
      },
    );
    this.agent = createAgentSession(
      {
        environment,
        sessionId: 'bench-0',
        instanceId: 'i-0',
        properties: { portNumber: '1', type: 'LocalPortForwarding' },
      },
      {
        ...shared,
        frame: (frame) => void this.#toClient.push(frame),
        ready: () => undefined,
        dial: (stream) => this.agent.dialed(stream),
        finished: () => undefined,
      },
    );
    this.client.connected('token', 0);
    this.agent.connected('token', 0);
    this.settle();
    this.stream = this.client.open() ?? 0;
    this.client.pump(0);
    this.settle();
  }

  settle(): void {
    while (this.#toClient.length + this.#toAgent.length > 0) {
      const [toClient, toAgent] = [this.#toClient, this.#toAgent];
      this.#toClient = [];
      this.#toAgent = [];
      for (const frame of toAgent) {
        if (isControl(frame)) continue;
        this.agent.receive(frame, 0);
      }
      for (const frame of toClient) {
        if (isControl(frame)) continue;
        this.client.receive(frame, 0);
      }
    }
  }

  /** Sends `bytes` one way, in bursts of 64 KiB; returns seconds. */
  transfer(from: 'client' | 'agent', bytes: number): number {
    const sender = this[from];
    this.received = 0;
    const begun = performance.now();
    while (this.received < bytes) {
      sender.write(this.stream, chunk);
      sender.pump(0);
      this.settle();
    }
    return (performance.now() - begun) / 1000;
  }
}

/** `agent_session_state` stays at the gateway. */
function isControl(frame: Uint8Array): boolean {
  return frame[4] === 0x61 && frame[5] === 0x67;
}

/** The bare loop over the same bytes: make a message, take it apart, acknowledge, take the acknowledgement apart. */
function bareTransfer(bytes: number): number {
  const payload = Buffer.from(chunk.subarray(0, 1024));
  const begun = performance.now();
  let received = 0;
  for (let sequence = 0; received < bytes; sequence += 1) {
    const taken = bareReceive(bareStreamFrame('agent', sequence, payload));
    if (taken === undefined) throw new Error('the bare loop refused its own frame');
    received += taken.payload.length;
    const digest = sha256(taken.ack.subarray(120));
    const body = JSON.parse(taken.ack.toString('utf8', 120)) as Record<string, number>;
    if (body['AcknowledgedMessageSequenceNumber'] !== sequence || digest[0] !== taken.ack[80]) {
      throw new Error('the bare loop lost its acknowledgement');
    }
  }
  return (performance.now() - begun) / 1000;
}

/** Encoding and decoding alone, through the public codec. */
function codecTransfer(bytes: number): number {
  const payload = chunk.subarray(0, 1024);
  const fields = {
    messageType: 'output_stream_data',
    createdDate: 1_700_000_000_000,
    flags: 0,
    messageId: '00112233-4455-4677-8899-aabbccddeeff',
    payloadType: 1,
    payload,
  };
  const begun = performance.now();
  let received = 0;
  for (let sequenceNumber = 0; received < bytes; sequenceNumber += 1) {
    const decoded = decodeMessage(encodeMessage({ ...fields, sequenceNumber }, sha256), sha256);
    if (!decoded.ok) throw new Error(decoded.reason);
    received += decoded.message.payload.length;
  }
  return (performance.now() - begun) / 1000;
}

const messagesPerSample = 256;

/**
 * Bytes of the garbage-collected heap that a message costs on its whole way (made, sent, taken apart, acknowledged), the middle of many
 * short stretches without a collection. Buffers outside the heap, such as digests, are not in it.
 */
function heapBytesPerMessage(transfer: (bytes: number) => number): number {
  const samples: number[] = [];
  for (let sample = 0; sample < 51; sample += 1) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    transfer(messagesPerSample * 1016);
    samples.push((process.memoryUsage().heapUsed - before) / messagesPerSample);
  }
  return median(samples);
}

function costFigure(name: string, value: number, baseline: number): Figure {
  const ratio = value / baseline;
  return { name, value, unit: 'B', baseline, ratio, target: 1, met: ratio <= 1 };
}

/** `wire`: the protocol library in one process, both roles, against the bare loop in the same run. */
export const wire: Bench = {
  title: `codec and session loop, one process, ${bytesPerRound / mebibyte} MiB a round, median of ${rounds}`,
  async run(): Promise<readonly Figure[]> {
    const joined = new Joined();
    const measured = {
      bare: [] as number[],
      codec: [] as number[],
      down: [] as number[],
      up: [] as number[],
    };
    // One round unmeasured, then the kinds in turn, so that a busy moment of the machine hits all of them.
    for (let round = 0; round <= rounds; round += 1) {
      const rate = (seconds: number) => bytesPerRound / mebibyte / seconds;
      const bare = rate(bareTransfer(bytesPerRound));
      const codec = rate(codecTransfer(bytesPerRound));
      const down = rate(joined.transfer('agent', bytesPerRound));
      const up = rate(joined.transfer('client', bytesPerRound));
      if (round === 0) continue;
      measured.bare.push(bare);
      measured.codec.push(codec);
      measured.down.push(down);
      measured.up.push(up);
    }
    const baseline = median(measured.bare);
    const bareHeap = heapBytesPerMessage(bareTransfer);
    return [
      rateFigure('wire_codec_over_loop', median(measured.codec), 'MiB/s', baseline, 1),
      rateFigure('wire_down_over_loop', median(measured.down), 'MiB/s', baseline, 0.9),
      rateFigure('wire_up_over_loop', median(measured.up), 'MiB/s', baseline, 0.9),
      costFigure(
        'heap_per_message_down',
        heapBytesPerMessage((bytes) => joined.transfer('agent', bytes)),
        bareHeap,
      ),
      costFigure(
        'heap_per_message_up',
        heapBytesPerMessage((bytes) => joined.transfer('client', bytes)),
        bareHeap,
      ),
    ];
  },
};
