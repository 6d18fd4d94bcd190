import {
  handshakeCompletePayload,
  handshakeRequestPayload,
  readHandshakeResponse,
} from '../channel/handshake.ts';
import { featuresOfAgent, featuresOfClient } from '../channel/versions.ts';
import type { WireReason } from '../errors.ts';
import { handshakeResponseMs } from '../limits.ts';
import { agentSessionStatePayload, readFlag } from '../message/bodies.ts';
import type { Message } from '../message/decode.ts';
import { messageTypes } from '../message/message-type.ts';
import { agentOpenText } from '../message/open-channel.ts';
import { flagValues, payloadTypes } from '../message/payload-type.ts';
import type { AgentEnd, AgentOptions, AgentSession, AgentSink, PortMode, StreamId } from './contract.ts';
import { PortSessionBase } from './port-session-base.ts';

export const agentVersionDefault = '3.3.987.0';

const handshakeFailed = '\n----------ERROR-------\nEncountered error while initiating handshake. ';

/** Makes the agent's end of a port session. */
export function createAgentSession(options: AgentOptions, sink: AgentSink): AgentSession {
  return new SsmAgentSession(options, sink);
}

class SsmAgentSession extends PortSessionBase implements AgentSession {
  readonly #options: AgentOptions;
  readonly #sink: AgentSink;
  #requestedAt: number | undefined;
  #deadline: number | undefined;
  #mode: PortMode | undefined;

  constructor(options: AgentOptions, sink: AgentSink) {
    super('agent', options.environment, sink);
    this.#options = options;
    this.#sink = sink;
  }

  connected(token: string, now: number): void {
    this.now = now;
    const { environment, instanceId, sessionId } = this.#options;
    this.#sink.text(agentOpenText({ requestId: environment.uuid(), token, instanceId }));
    this.channel.connected();
    const state = agentSessionStatePayload('Connected', sessionId);
    this.channel.sendControl(messageTypes.agentSessionState, state);
    if (this.#requestedAt === undefined) {
      this.#requestedAt = now;
      this.#deadline = now + handshakeResponseMs;
      this.#requestHandshake(now);
    }
    this.wake();
  }

  #requestHandshake(now: number): void {
    const { agentVersion, properties, kmsKeyId } = this.#options;
    const request = handshakeRequestPayload({
      agentVersion: agentVersion ?? agentVersionDefault,
      sessionType: 'Port',
      properties,
      kmsKeyId,
    });
    this.channel.sendWhole(payloadTypes.handshakeRequest, request, now);
  }

  protected accepts(payloadType: number): WireReason | undefined {
    return payloadType === payloadTypes.output && this.table.full ? 'SSM_READ_BUFFER_FULL' : undefined;
  }

  protected streamMessage(payloadType: number, payload: Uint8Array, now: number): void {
    if (this.over) return; // acknowledged and forgotten, as data for a session that has ended
    if (payloadType === payloadTypes.handshakeResponse) this.#handshakeResponse(payload, now);
    else if (this.#mode === undefined) this.#sink.discarded('SSM_DATA_BEFORE_HANDSHAKE');
    else if (payloadType === payloadTypes.output) this.#output(payload);
    else if (payloadType === payloadTypes.flag) this.#flag(payload);
    else this.#sink.discarded('SSM_PAYLOAD_TYPE_UNKNOWN');
  }

  #output(payload: Uint8Array): void {
    if (payload.length === 0) this.#sink.discarded('SSM_PAYLOAD_EMPTY');
    else if (this.receiveOutput(payload) !== undefined) this.#fail('The multiplexed stream is malformed.');
  }

  #flag(payload: Uint8Array): void {
    const flag = readFlag(payload);
    if (flag === flagValues.terminateSession) this.finish({ status: 'Success', output: '' });
    else if (flag === flagValues.disconnectToPort) this.basic?.peerDisconnected();
    else this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
  }

  #handshakeResponse(payload: Uint8Array, now: number): void {
    if (this.#mode !== undefined) {
      this.#sink.discarded('SSM_HANDSHAKE_OUT_OF_ORDER');
      return;
    }
    const response = readHandshakeResponse(payload);
    if (response === undefined) {
      this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
      return;
    }
    const refused = response.actions.find(({ status }) => status !== 1);
    const expected = this.#options.kmsKeyId === undefined ? 1 : 2;
    if (refused !== undefined) {
      this.#fail(`${handshakeFailed}${refused.actionType} failed on client with status: ${refused.error}`);
    } else if (response.actions.length !== expected) {
      this.#fail(`${handshakeFailed}The client did not process every requested action.`);
    } else {
      this.#complete(response.clientVersion, now);
    }
  }

  #complete(clientVersion: string, now: number): void {
    const features = featuresOfClient(clientVersion);
    // An agent that claims an old version cannot speak smux, whatever the client could.
    const own = featuresOfAgent(this.#options.agentVersion ?? agentVersionDefault);
    const mux = features.multiplexing && own.multiplexing;
    const forwarding = this.#options.properties['type'] === 'LocalPortForwarding';
    this.#mode = forwarding ? (mux ? 'mux' : 'basic') : 'standard-stream';
    this.#deadline = undefined;
    const complete = handshakeCompletePayload(now - (this.#requestedAt ?? now), '');
    this.channel.sendWhole(payloadTypes.handshakeComplete, complete, now);
    this.#sink.ready({ mode: this.#mode, clientVersion });
    if (!this.over) this.startCarrier(this.#mode, !features.keepAliveDisabled);
  }

  protected opened(stream: StreamId): void {
    this.#sink.dial(stream);
  }

  dialed(stream: StreamId): void {
    this.resumeReading(stream);
  }

  dialFailed(stream: StreamId, detail: string): void {
    if (this.over) return;
    if (this.#mode !== 'mux') {
      this.#fail(`Unable to connect to specified port: ${detail}`);
      return;
    }
    this.sendFlag(flagValues.connectToPortError);
    this.abort(stream);
  }

  protected basicEnded(): void {
    // With LocalPortForwarding new client data redials; otherwise the end of the destination is the end of the session.
    if (this.#mode === 'standard-stream') this.finish({ status: 'Success', output: '' });
  }

  protected controlMessage(message: Message): void {
    if (message.messageType === messageTypes.channelClosed) this.finish({ status: 'Success', output: '' });
    else this.#sink.discarded('SSM_MESSAGE_TYPE_UNKNOWN');
  }

  finish(end: AgentEnd): void {
    if (this.over) return;
    this.stop();
    this.#sink.finished(end);
  }

  #fail(output: string): void {
    this.finish({ status: 'Failed', output });
  }

  drained(): boolean {
    return this.channel.sender.unacknowledged === 0;
  }

  protected gaveUp(): void {
    this.#fail('Stream data was not acknowledged.');
  }

  protected silent(): void {
    this.#fail('The client has fallen silent.');
  }

  protected get deadline(): number | undefined {
    return this.#deadline;
  }

  protected deadlinePassed(): void {
    this.#fail(
      `${handshakeFailed}Handshake timed out. Please ensure that you have the latest version of the session manager plugin.`,
    );
  }
}
