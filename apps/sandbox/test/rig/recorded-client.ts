import { duplexPair, type Duplex } from 'node:stream';
import {
  encodeMessage,
  jsonPayload,
  messageTypes,
  parseMessage,
  readChannelClosedOutput,
} from '@sallyport/ssm-protocol';
import {
  connectionsOf,
  DirectionRecord,
  stepsOf,
  type RecordForm,
  type Transcript,
} from '@sallyport/ssm-protocol/testing';
import type { WebSocket } from 'ws';
import { wire } from './channel-client.ts';

/** Destinations that do what the recorded ones did: the nth dial is the nth connection. */
export class RecordedDestinations {
  readonly received: Buffer[] = [];
  readonly #transcript: Transcript;

  constructor(transcript: Transcript) {
    this.#transcript = transcript;
  }

  open = (): Promise<Duplex> => {
    const index = this.received.push(Buffer.alloc(0)) - 1;
    const [ours, theirs] = duplexPair();
    const acts = (connectionsOf(this.#transcript)[index]?.destination ?? []).filter(
      ({ kind }) => kind === 'send',
    );
    theirs.on('data', (bytes: Buffer) => {
      const all = Buffer.concat([this.received[index]!, bytes]);
      this.received[index] = all;
      while (acts[0] !== undefined && acts[0].afterReceived <= all.length) theirs.write(acts.shift()!.bytes);
    });
    theirs.on('end', () => theirs.end());
    return Promise.resolve(ours);
  };
}

/** The one destination of a session without smux: what it says, once so many bytes have come, and then it closes. */
export class RecordedDestination {
  received = Buffer.alloc(0);
  readonly #says: { readonly after: number; readonly bytes: Uint8Array }[];

  constructor(says: readonly { readonly after: number; readonly bytes: Uint8Array }[]) {
    this.#says = [...says];
  }

  open = (): Promise<Duplex> => {
    const [ours, theirs] = duplexPair();
    theirs.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      while (this.#says[0] !== undefined && this.#says[0].after <= this.received.length)
        theirs.write(this.#says.shift()!.bytes);
      if (this.#says.length === 0) theirs.end();
    });
    return Promise.resolve(ours);
  };
}

/** Plays one official end's side of a recording over a real WebSocket, acknowledging what really arrives. */
class RecordedEnd {
  /** What came from the other end. */
  readonly record: DirectionRecord;
  /** Output of `channel_closed`, once it came. */
  readonly closed: Promise<string>;
  readonly #side: 'client' | 'agent';
  readonly #heard: string;
  readonly #socket: WebSocket;
  #changed = Promise.withResolvers<void>();

  constructor(socket: WebSocket, side: 'client' | 'agent', form?: RecordForm) {
    this.#socket = socket;
    this.#side = side;
    this.record = new DirectionRecord(side === 'client' ? 'agent' : 'client', form);
    this.#heard = side === 'client' ? messageTypes.outputStreamData : messageTypes.inputStreamData;
    const closed = Promise.withResolvers<string>();
    this.closed = closed.promise;
    socket.on('message', (data) => {
      const frame = new Uint8Array(data as Buffer);
      const parsed = parseMessage(frame);
      if (!parsed.ok) return;
      const { message } = parsed;
      if (message.messageType === messageTypes.channelClosed)
        closed.resolve(readChannelClosedOutput(message.payload));
      if (message.messageType === this.#heard) this.#acknowledge(message.messageId, message.sequenceNumber);
      this.record.add(frame);
      this.#changed.resolve();
    });
  }

  #acknowledge(id: string, sequence: number): void {
    const payload = jsonPayload({
      AcknowledgedMessageType: this.#heard,
      AcknowledgedMessageId: id,
      AcknowledgedMessageSequenceNumber: sequence,
      IsSequentialMessage: true,
    });
    const fields = { createdDate: wire.wallTime(), sequenceNumber: 0, flags: 3, payloadType: 0, payload };
    this.#socket.send(
      encodeMessage(
        { messageType: messageTypes.acknowledge, messageId: wire.uuid(), ...fields },
        wire.sha256,
      ),
    );
  }

  /** Sends every recorded step once what this end had heard by then has come from the gateway. */
  async play(transcript: Transcript, token: string): Promise<void> {
    for (const step of stepsOf(transcript, this.#side)) {
      while (!this.record.covers(step.after)) {
        await this.#changed.promise;
        this.#changed = Promise.withResolvers();
      }
      if (step.kind === 'text') {
        const text = JSON.stringify({ ...(JSON.parse(step.text) as object), TokenValue: token });
        this.#socket.send(text);
      } else if (step.kind === 'frame') this.#socket.send(step.frame);
    }
  }
}

/** The official client's side of a recording. */
export class RecordedClient extends RecordedEnd {
  /** `form`: how its session carries bytes, through smux by default. */
  constructor(socket: WebSocket, form?: RecordForm) {
    super(socket, 'client', form);
  }
}

/** The data channel of the official agent's session worker, from a recording. */
export class RecordedWorker extends RecordedEnd {
  constructor(socket: WebSocket) {
    super(socket, 'agent');
  }
}
