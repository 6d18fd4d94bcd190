import {
  challengePayload,
  kmsResult,
  readChallenge,
  readKmsRequest,
  type KmsRequest,
} from '../channel/encryption-bodies.ts';
import {
  handshakeResponsePayload,
  readHandshakeComplete,
  readHandshakeRequest,
  type HandshakeRequest,
  type ProcessedAction,
} from '../channel/handshake.ts';
import { SessionCipher } from '../encryption/session-cipher.ts';
import type { WireReason } from '../errors.ts';
import { handshakeCompleteMs, silentAgentSettledMs, silentProgramMs } from '../limits.ts';
import { readChannelClosedOutput, readExitCode, sizePayload, type TerminalSize } from '../message/bodies.ts';
import type { Message } from '../message/decode.ts';
import { messageTypes } from '../message/message-type.ts';
import { clientOpenText } from '../message/open-channel.ts';
import { payloadTypes } from '../message/payload-type.ts';
import { clientVersionDefault } from './client-session.ts';
import {
  shellTypes,
  type ClientShell,
  type ClientShellEnd,
  type ClientShellOptions,
  type ClientShellSink,
  type ShellType,
} from './shell-contract.ts';
import { ShellSessionBase } from './shell-session-base.ts';

/** Makes the client's end of a shell or a command. */
export function createClientShell(options: ClientShellOptions, sink: ClientShellSink): ClientShell {
  return new SsmClientShell(options, sink);
}

/** What the agent asked for and we have agreed to. */
interface Agreed {
  readonly type: ShellType;
  readonly agentVersion: string;
}

/** What is known of an agent that has said nothing: as much as of any other, that it was asked for a sign, that it gave one. */
type Silence = 'none' | 'waited' | 'asked' | 'answered';

/** How far the encryption of the session is. */
type Encryption = 'none' | 'key-wanted' | 'unproven' | 'proven';

class SsmClientShell extends ShellSessionBase implements ClientShell {
  readonly #options: ClientShellOptions;
  readonly #sink: ClientShellSink;
  readonly #clientId: string;
  readonly #clientVersion: string;
  #deadline: number | undefined;
  #connectedBefore = false;
  /** The request whose answer waits for a data key. */
  #asked: { readonly request: HandshakeRequest; readonly kms: KmsRequest } | undefined;
  #agreed: Agreed | undefined;
  #encryption: Encryption = 'none';
  #size: TerminalSize | undefined;
  /** The size that went out last. */
  #sizeTold: TerminalSize | undefined;
  #silence: Silence = 'none';
  /** The end that waits until a slow reader has taken what came before it. */
  #ending: ClientShellEnd | undefined;

  constructor(options: ClientShellOptions, sink: ClientShellSink) {
    super('client', options.environment, sink);
    this.#options = options;
    this.#sink = sink;
    this.#clientId = options.clientId ?? options.environment.uuid();
    this.#clientVersion = options.clientVersion ?? clientVersionDefault;
  }

  connected(token: string, now: number): void {
    if (this.over) return;
    this.now = now;
    const { environment, mayBeSilent = false, demandsEncryption = false } = this.#options;
    const requestId = environment.uuid();
    const clientVersion = this.#clientVersion;
    this.#sink.text(clientOpenText({ requestId, token, clientId: this.#clientId, clientVersion }));
    this.channel.connected();
    if (!this.#connectedBefore) {
      this.#connectedBefore = true;
      if (mayBeSilent && !demandsEncryption) this.#silence = 'waited';
      this.#deadline = now + (this.#silence === 'waited' ? silentProgramMs : this.#handshakeTimeoutMs);
    }
    this.wake();
  }

  override receive(frame: Uint8Array, now: number): void {
    if (!this.over && this.#ending === undefined) super.receive(frame, now);
  }

  resize(size: TerminalSize, now: number): void {
    this.now = now;
    this.#size = size;
    this.wake();
  }

  protected get urgent(): boolean {
    return this.#size !== undefined;
  }

  protected sendUrgent(now: number): boolean {
    const size = this.#size;
    if (size === undefined) return false;
    this.#size = undefined;
    this.#sizeTold = size;
    return this.channel.sendWhole(payloadTypes.size, sizePayload(size), now);
  }

  // ------------------------------------------------------------------------------------------ the program's bytes

  protected refusal(): WireReason | undefined {
    // Between the answer and HandshakeComplete nothing is due; refused, it comes again when we are ready.
    const underWay = this.#asked !== undefined || this.#agreed !== undefined;
    return underWay && !this.open ? 'SSM_DATA_BEFORE_HANDSHAKE' : undefined;
  }

  protected due(): boolean {
    if (this.open) return true;
    // Output without a handshake is how a shell begins that is not encrypted.
    if (this.#options.demandsEncryption === true) {
      this.#close('encryption-demanded', '');
      return false;
    }
    this.#begin(undefined, '');
    return !this.over;
  }

  protected deliver(payloadType: number, payload: Uint8Array): void {
    if (payloadType === payloadTypes.output) this.#sink.output(payload);
    else if (payloadType === payloadTypes.stdErr) this.#sink.errorOutput(payload);
    else {
      const code = readExitCode(payload);
      if (code === undefined) this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
      else this.#sink.exit(code);
    }
  }

  // ------------------------------------------------------------------------------------------ handshake

  protected sessionMessage(payloadType: number, payload: Uint8Array, now: number): void {
    if (payloadType === payloadTypes.handshakeRequest) this.#handshakeRequest(payload, now);
    else if (payloadType === payloadTypes.encChallengeRequest) this.#challenge(payload, now);
    else if (payloadType === payloadTypes.handshakeComplete) this.#handshakeComplete(payload);
    else this.#sink.discarded('SSM_PAYLOAD_TYPE_UNKNOWN');
  }

  #handshakeRequest(payload: Uint8Array, now: number): void {
    if (this.open || this.#asked !== undefined || this.#agreed !== undefined) {
      this.#sink.discarded('SSM_HANDSHAKE_OUT_OF_ORDER');
      return;
    }
    this.#agentSpoke(now);
    const request = readHandshakeRequest(payload);
    if (request === undefined) {
      this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
      return;
    }
    const processed = request.actions.map((action) => this.#judge(action.actionType, action.parameters));
    const refused = processed.find(({ status }) => status !== 1);
    const wanted = request.actions.find(({ actionType }) => actionType === 'KMSEncryption');
    if (refused !== undefined) {
      this.#answer(processed, now);
      const another = refused.actionType === 'SessionType';
      this.#close(another ? 'not-a-shell' : 'handshake-refused', refused.error);
    } else if (typeOf(request) === undefined) {
      this.#close('handshake-refused', 'The agent named no session type.');
    } else if (wanted === undefined && this.#options.demandsEncryption === true) {
      this.#close('encryption-demanded', '');
    } else if (wanted === undefined) {
      this.#answer(processed, now);
      this.#agreed = { type: typeOf(request)!, agentVersion: request.agentVersion };
    } else {
      const kms = readKmsRequest(wanted.parameters)!;
      this.#asked = { request, kms };
      this.#encryption = 'key-wanted';
      this.#sink.dataKeyWanted(kms);
    }
  }

  #judge(actionType: string, parameters: Readonly<Record<string, unknown>>): ProcessedAction {
    if (actionType === 'SessionType') {
      const type = parameters['SessionType'];
      if (isShellType(type)) return { actionType, status: 1, error: '' };
      const shown = typeof type === 'string' ? type.slice(0, 64) : '';
      return { actionType, status: 2, error: `Unsupported session type ${shown}` };
    }
    if (actionType !== 'KMSEncryption') {
      return { actionType, status: 3, error: `Unsupported action ${actionType.slice(0, 64)}` };
    }
    if (this.#options.encryption === undefined) {
      return { actionType, status: 3, error: 'KMS encryption is not supported by this client' };
    }
    const named = readKmsRequest(parameters) !== undefined;
    return { actionType, status: named ? 1 : 2, error: named ? '' : 'The agent named no KMS key' };
  }

  #answer(processed: readonly ProcessedAction[], now: number): void {
    const answer = handshakeResponsePayload(this.#clientVersion, processed);
    this.channel.sendWhole(payloadTypes.handshakeResponse, answer, now);
  }

  /** Answers the request that waited for KMS, with what came of it. */
  #answerAsked(kmsAction: ProcessedAction, now: number): void {
    const asked = this.#asked!;
    this.#answer(
      asked.request.actions.map(({ actionType, parameters }) =>
        actionType === 'KMSEncryption' ? kmsAction : this.#judge(actionType, parameters),
      ),
      now,
    );
    this.#asked = undefined;
    this.#agreed = { type: typeOf(asked.request)!, agentVersion: asked.request.agentVersion };
  }

  dataKey(key: { readonly plaintext: Uint8Array; readonly ciphertext: Uint8Array }, now: number): void {
    const { encryption } = this.#options;
    if (this.over || this.#asked === undefined || encryption === undefined) return;
    this.now = now;
    this.cipher = new SessionCipher('client', key.plaintext, encryption);
    this.#encryption = 'unproven';
    const result = kmsResult(key.ciphertext, this.#asked.kms.challenge !== undefined);
    this.#answerAsked({ actionType: 'KMSEncryption', status: 1, error: '', result }, now);
  }

  dataKeyDenied(detail: string, now: number): void {
    if (this.over || this.#asked === undefined) return;
    this.now = now;
    const error = 'The client was given no data key by KMS';
    this.#answerAsked({ actionType: 'KMSEncryption', status: 2, error }, now);
    this.#close('session-key-denied', detail);
  }

  #challenge(payload: Uint8Array, now: number): void {
    const sealed = readChallenge(payload);
    if (this.cipher === undefined || this.#encryption !== 'unproven') {
      this.#sink.discarded('SSM_HANDSHAKE_OUT_OF_ORDER');
      return;
    }
    const plain = sealed === undefined ? undefined : this.cipher.open(sealed);
    if (plain === undefined) {
      this.#sink.discarded('SSM_PAYLOAD_NOT_AUTHENTIC');
      this.notAuthentic();
      return;
    }
    this.#encryption = 'proven';
    const answer = challengePayload(this.cipher.seal(plain));
    this.channel.sendWhole(payloadTypes.encChallengeResponse, answer, now);
  }

  #handshakeComplete(payload: Uint8Array): void {
    if (this.#agreed === undefined || this.open) {
      this.#sink.discarded('SSM_HANDSHAKE_OUT_OF_ORDER');
      return;
    }
    if (this.#encryption === 'unproven') {
      // Only the challenge shows that the other end has the key; without it this would be a promise.
      this.#close('encryption-demanded', '');
      return;
    }
    const complete = readHandshakeComplete(payload);
    if (complete === undefined) this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
    this.#begin(this.#agreed, complete?.customerMessage ?? '');
  }

  get #handshakeTimeoutMs(): number {
    return this.#options.handshakeTimeoutMs ?? handshakeCompleteMs;
  }

  /** It was not silent after all: what it has begun it is to end in time. */
  #agentSpoke(now: number): void {
    if (this.#silence === 'none') return;
    this.#silence = 'none';
    this.urgentEarly = false;
    this.#deadline = now + this.#handshakeTimeoutMs;
  }

  #begin(agreed: Agreed | undefined, customerMessage: string): void {
    this.open = true;
    this.#deadline = undefined;
    // An agent throws away what it is told before it is ready.
    if (this.#silence !== 'none') this.#size ??= this.#sizeTold;
    this.#silence = 'none';
    this.#sink.ready({
      type: agreed?.type,
      agentVersion: agreed?.agentVersion ?? '',
      encrypted: this.#encryption === 'proven',
      customerMessage,
    });
    this.wake();
  }

  // ------------------------------------------------------------------------------------------ the end

  protected controlMessage(message: Message): void {
    if (message.messageType === messageTypes.channelClosed) {
      this.#close('channel-closed', readChannelClosedOutput(message.payload));
    } else {
      this.#sink.discarded('SSM_MESSAGE_TYPE_UNKNOWN');
    }
  }

  end(): void {
    this.stop();
    this.channel.disconnected();
  }

  #close(cause: ClientShellEnd['cause'], output: string): void {
    if (this.over || this.#ending !== undefined) return;
    this.#ending = { cause, output };
    if (!this.keeps) this.caughtUp();
  }

  protected caughtUp(): void {
    const ending = this.#ending;
    if (ending === undefined || this.over) return;
    this.stop();
    this.channel.disconnected();
    this.#sink.closed(ending);
  }

  protected gaveUp(): void {
    this.#close('unacknowledged', '');
  }

  protected notAuthentic(): void {
    this.#close('not-authentic', '');
  }

  protected acknowledged(): void {
    const { unacknowledged } = this.channel.sender;
    if (this.#silence !== 'asked' || this.#sizeTold === undefined || unacknowledged > 0) return;
    this.#silence = 'answered';
    this.#deadline = this.now + silentAgentSettledMs;
  }

  protected get deadline(): number | undefined {
    return this.#deadline;
  }

  protected deadlinePassed(): void {
    if (this.#silence === 'answered') this.#begin(undefined, '');
    else if (this.#silence === 'none') this.#close('handshake-timeout', '');
    else {
      this.#silence = 'asked';
      this.#deadline = undefined;
      this.urgentEarly = true;
      this.wake();
    }
  }
}

function isShellType(type: unknown): type is ShellType {
  return shellTypes.includes(type as ShellType);
}

/** The session type that the request names, when it is one of a shell. */
function typeOf(request: HandshakeRequest): ShellType | undefined {
  const action = request.actions.find(({ actionType }) => actionType === 'SessionType');
  const type = action?.parameters['SessionType'];
  return isShellType(type) ? type : undefined;
}
