import { decodeMessage, encodeMessage, messageTypes, readJsonObject } from '@sallyport/ssm-protocol';
import { fromHex, type Transcript } from '@sallyport/ssm-protocol/testing';
import type { WebSocket } from 'ws';
import type { AgentTransport } from './agent-transport.ts';
import { wire } from './channel-client.ts';
import { RecordedWorker } from './recorded-client.ts';

/** What an `interactive_shell` orders. */
export interface SessionOrder {
  readonly SessionId: string;
  readonly DocumentName: string;
  readonly DocumentContent: Record<string, unknown>;
  readonly Parameters: Record<string, unknown>;
  readonly SessionOwner: string;
}

/** The official agent in one recorded session: its worker's calls and frames, and the end of the task on the control channel. */
export class RecordedSession {
  readonly #transport: AgentTransport;
  readonly #control: WebSocket;
  readonly #transcript: Transcript;
  readonly #acknowledged: Record<string, unknown>[] = [];
  readonly ordered: Promise<SessionOrder>;
  #told = Promise.withResolvers<void>();

  /** `control` is a control channel that the recorded start opened. */
  constructor(transport: AgentTransport, control: WebSocket, transcript: Transcript) {
    this.#transport = transport;
    this.#control = control;
    this.#transcript = transcript;
    const ordered = Promise.withResolvers<SessionOrder>();
    this.ordered = ordered.promise;
    control.on('message', (data) => {
      const decoded = decodeMessage(new Uint8Array(data as Buffer));
      if (!decoded.ok) return;
      const body = readJsonObject(decoded.message.payload) ?? {};
      if (decoded.message.messageType === messageTypes.interactiveShell)
        ordered.resolve(JSON.parse(String(body['Content'])) as SessionOrder);
      if (decoded.message.messageType === messageTypes.agentTaskAcknowledge) {
        this.#acknowledged.push(body);
        this.#told.resolve();
      }
    });
  }

  /** The worker's data channel, once the order came: CreateDataChannel, upgrade, text, then its recorded frames. */
  async work(): Promise<RecordedWorker> {
    const { SessionId } = await this.ordered;
    const path = `/v1/data-channel/${SessionId}`;
    const body =
      '{"MessageSchemaVersion":"1.0","RequestId":"0b22d0f8-8554-4267-a752-2e57373e61be","ClientId":""}';
    const json = { 'content-type': 'application/json' };
    const answer = await this.#transport.post('ssmmessages', path, json, body);
    const token = /<TokenValue>(.+)<\/TokenValue>/.exec(answer.body)?.[1];
    if (answer.status !== 201 || token === undefined) throw new Error(`no token: ${answer.body}`);
    const socket = await this.#transport.open(`${path}?role=publish_subscribe`);
    const worker = new RecordedWorker(socket);
    await worker.play(this.#transcript, token);
    return worker;
  }

  /** Sends the recorded ends of the task (twice where the official agent did) and waits until each was acknowledged. */
  async complete(): Promise<readonly Record<string, unknown>[]> {
    const { SessionId } = await this.ordered;
    const ends = this.#transcript.events.filter(
      ({ socket, from, kind }) => socket.startsWith('control-') && from === 'agent' && kind === 'binary',
    );
    for (const { hex } of ends) {
      const decoded = decodeMessage(fromHex(hex ?? ''));
      if (!decoded.ok) throw new Error(decoded.reason);
      const { messageType, messageId, sequenceNumber, flags, payloadType, payload } = decoded.message;
      const body = { ...readJsonObject(payload), TaskId: SessionId };
      const fields = { messageType, messageId, sequenceNumber, flags, payloadType };
      const message = { ...fields, createdDate: wire.wallTime(), payload: Buffer.from(JSON.stringify(body)) };
      this.#control.send(encodeMessage(message, wire.sha256));
    }
    while (this.#acknowledged.length < ends.length) {
      await this.#told.promise;
      this.#told = Promise.withResolvers();
    }
    return this.#acknowledged;
  }
}
