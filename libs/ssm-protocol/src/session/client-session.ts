import {
  handshakeResponsePayload,
  readHandshakeComplete,
  readHandshakeRequest,
  type HandshakeRequest,
  type ProcessedAction,
} from '../channel/handshake.ts';
import { featuresOfAgent, featuresOfClient } from '../channel/versions.ts';
import type { WireReason } from '../errors.ts';
import { handshakeCompleteMs } from '../limits.ts';
import { readChannelClosedOutput, readFlag } from '../message/bodies.ts';
import type { Message } from '../message/decode.ts';
import { messageTypes } from '../message/message-type.ts';
import { clientOpenText } from '../message/open-channel.ts';
import { flagValues, payloadTypes } from '../message/payload-type.ts';
import type {
  ClientEnd,
  ClientOptions,
  ClientSession,
  ClientSink,
  PortMode,
  PortProperties,
  StreamId,
} from './contract.ts';
import { PortSessionBase } from './port-session-base.ts';

/** The version we claim: at least 1.1.70 for smux, above 1.2.331.0 so that the agent keeps smux keep-alive off. */
export const clientVersionDefault = '1.2.764.0';

/** Makes the client's end of a port session. */
export function createClientSession(options: ClientOptions, sink: ClientSink): ClientSession {
  return new SsmClientSession(options, sink);
}

/** What the handshake request settled. */
interface Agreed {
  readonly mode: PortMode;
  readonly properties: PortProperties;
  readonly agentVersion: string;
}

class SsmClientSession extends PortSessionBase implements ClientSession {
  readonly #options: ClientOptions;
  readonly #sink: ClientSink;
  readonly #clientId: string;
  readonly #clientVersion: string;
  #deadline: number | undefined;
  #connectedBefore = false;
  /** Set once the request was answered with yes. */
  #agreed: Agreed | undefined;
  /** HandshakeComplete has come. */
  #open = false;

  constructor(options: ClientOptions, sink: ClientSink) {
    super('client', options.environment, sink);
    this.#options = options;
    this.#sink = sink;
    this.#clientId = options.clientId ?? options.environment.uuid();
    this.#clientVersion = options.clientVersion ?? clientVersionDefault;
  }

  connected(token: string, now: number): void {
    if (this.over) return;
    this.now = now;
    this.#sink.text(
      clientOpenText({
        requestId: this.#options.environment.uuid(),
        token,
        clientId: this.#clientId,
        clientVersion: this.#clientVersion,
      }),
    );
    this.channel.connected();
    if (!this.#connectedBefore) {
      this.#connectedBefore = true;
      this.#deadline = now + (this.#options.handshakeTimeoutMs ?? handshakeCompleteMs);
    }
    this.wake();
  }

  open(): StreamId | undefined {
    return this.#open && !this.over ? this.carrier?.open() : undefined;
  }

  terminate(now: number): boolean {
    this.now = now;
    if (!this.#open || this.over) return false;
    if (!featuresOfAgent(this.#agreed?.agentVersion ?? '').terminateSessionFlag) return false;
    this.sendFlag(flagValues.terminateSession);
    return true;
  }

  override receive(frame: Uint8Array, now: number): void {
    if (!this.over) super.receive(frame, now);
  }

  protected accepts(payloadType: number): WireReason | undefined {
    if (payloadType !== payloadTypes.output) return undefined;
    // Between the answer and HandshakeComplete no data is due; refused, it comes again when we are ready.
    if (this.#agreed !== undefined && !this.#open) return 'SSM_DATA_BEFORE_HANDSHAKE';
    return this.table.full ? 'SSM_READ_BUFFER_FULL' : undefined;
  }

  protected streamMessage(payloadType: number, payload: Uint8Array, now: number): void {
    if (this.over) return;
    if (payloadType === payloadTypes.output) this.#output(payload);
    else if (payloadType === payloadTypes.handshakeRequest) this.#handshakeRequest(payload, now);
    else if (payloadType === payloadTypes.handshakeComplete) this.#handshakeComplete(payload);
    else if (payloadType === payloadTypes.flag) this.#flag(payload);
    else this.#sink.discarded('SSM_PAYLOAD_TYPE_UNKNOWN');
  }

  #output(payload: Uint8Array): void {
    if (!this.#open) {
      // Output without a handshake is how a shell begins; this client carries ports.
      this.#close('not-a-port-session', '');
    } else if (this.receiveOutput(payload) !== undefined) {
      this.#close('mux-malformed', '');
    }
  }

  #flag(payload: Uint8Array): void {
    const flag = readFlag(payload);
    if (flag === flagValues.connectToPortError) this.#sink.connectFailed();
    else this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
  }

  #handshakeRequest(payload: Uint8Array, now: number): void {
    if (this.#agreed !== undefined) {
      this.#sink.discarded('SSM_HANDSHAKE_OUT_OF_ORDER');
      return;
    }
    const request = readHandshakeRequest(payload);
    if (request === undefined) {
      this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
      return;
    }
    const processed = request.actions.map(({ actionType, parameters }) =>
      judgeAction(actionType, parameters),
    );
    const answer = handshakeResponsePayload(this.#clientVersion, processed);
    this.channel.sendWhole(payloadTypes.handshakeResponse, answer, now);
    const refused = processed.find(({ status }) => status !== 1);
    if (refused !== undefined) this.#close('handshake-refused', refused.error);
    else if (!request.actions.some(({ actionType }) => actionType === 'SessionType')) {
      this.#close('handshake-refused', 'The agent named no session type.');
    } else this.#agreed = agreedOn(request, this.#clientVersion);
  }

  #handshakeComplete(payload: Uint8Array): void {
    const agreed = this.#agreed;
    if (agreed === undefined || this.#open) {
      this.#sink.discarded('SSM_HANDSHAKE_OUT_OF_ORDER');
      return;
    }
    const complete = readHandshakeComplete(payload);
    if (complete === undefined) this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
    this.#open = true;
    this.#deadline = undefined;
    this.startCarrier(agreed.mode, !featuresOfAgent(agreed.agentVersion).keepAliveDisabled);
    this.#sink.ready({ ...agreed, customerMessage: complete?.customerMessage ?? '' });
  }

  protected controlMessage(message: Message): void {
    if (message.messageType === messageTypes.channelClosed) {
      this.#close('channel-closed', readChannelClosedOutput(message.payload));
    } else {
      this.#sink.discarded('SSM_MESSAGE_TYPE_UNKNOWN');
    }
  }

  protected basicEnded(): void {
    // A standard stream has no word for the end of its one connection; the caller ends the session.
    if (this.#agreed?.mode === 'basic') this.sendFlag(flagValues.disconnectToPort);
  }

  protected opened(): void {
    // Only agents are asked to dial; the carrier refuses streams that an agent opens.
  }

  protected gaveUp(): void {
    this.#close('unacknowledged', '');
  }

  protected silent(): void {
    this.#close('keep-alive', '');
  }

  protected get deadline(): number | undefined {
    return this.#deadline;
  }

  protected deadlinePassed(): void {
    this.#close('handshake-timeout', '');
  }

  #close(cause: ClientEnd['cause'], output: string): void {
    if (this.over) return;
    this.stop();
    this.channel.disconnected();
    this.#sink.closed({ cause, output });
  }
}

/** What this client says to one requested action. */
function judgeAction(actionType: string, parameters: Readonly<Record<string, unknown>>): ProcessedAction {
  if (actionType === 'SessionType') {
    const sessionType = parameters['SessionType'];
    if (sessionType === 'Port') return { actionType, status: 1, error: '' };
    const shown = typeof sessionType === 'string' ? sessionType.slice(0, 64) : '';
    return { actionType, status: 2, error: `Unsupported session type ${shown}` };
  }
  if (actionType === 'KMSEncryption') {
    return { actionType, status: 3, error: 'KMS encryption is not supported by this client' };
  }
  return { actionType, status: 3, error: `Unsupported action ${actionType.slice(0, 64)}` };
}

function agreedOn(request: HandshakeRequest, clientVersion: string): Agreed {
  const { agentVersion } = request;
  const parameters = request.actions.find(({ actionType }) => actionType === 'SessionType')?.parameters;
  const properties = textsOf(parameters?.['Properties']);
  return { mode: modeOf(properties, agentVersion, clientVersion), properties, agentVersion };
}

function modeOf(properties: PortProperties, agentVersion: string, clientVersion: string): PortMode {
  if (properties['type'] !== 'LocalPortForwarding') return 'standard-stream';
  // A client that claims an old version is answered without smux, so it must not speak it.
  const mux = featuresOfAgent(agentVersion).multiplexing && featuresOfClient(clientVersion).multiplexing;
  return mux ? 'mux' : 'basic';
}

/** The members that are texts; all of them are, from a real agent. */
function textsOf(value: unknown): PortProperties {
  if (typeof value !== 'object' || value === null) return {};
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}
