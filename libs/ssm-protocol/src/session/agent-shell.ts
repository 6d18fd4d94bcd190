import { challengePayload, readChallenge, readKmsResult, toBase64 } from '../channel/encryption-bodies.ts';
import {
  handshakeCompletePayload,
  handshakeRequestPayload,
  readHandshakeResponse,
} from '../channel/handshake.ts';
import { featuresOfClient } from '../channel/versions.ts';
import { SessionCipher } from '../encryption/session-cipher.ts';
import type { WireReason } from '../errors.ts';
import { encryptionChallengeMs, handshakeResponseMs, lingerMs } from '../limits.ts';
import { agentSessionStatePayload, exitCodePayload, readSize } from '../message/bodies.ts';
import type { Message } from '../message/decode.ts';
import { messageTypes } from '../message/message-type.ts';
import { agentOpenText } from '../message/open-channel.ts';
import { payloadTypes } from '../message/payload-type.ts';
import { agentVersionDefault } from './agent-session.ts';
import type { AgentEnd } from './contract.ts';
import type { AgentShell, AgentShellOptions, AgentShellSink } from './shell-contract.ts';
import { ShellSessionBase } from './shell-session-base.ts';

const handshakeFailed = '\n----------ERROR-------\nEncountered error while initiating handshake. ';
const encryptedMessage = 'This session is encrypted using AWS KMS.';
const separationMessage =
  'Please update session manager plugin to a version above 1.2.295.0 for separate output streams.';
const kmsChallengeBytes = 16;
const keyChallengeBytes = 64;

/** Makes the agent's end of a shell or a command. */
export function createAgentShell(options: AgentShellOptions, sink: AgentShellSink): AgentShell {
  return new SsmAgentShell(options, sink);
}

class SsmAgentShell extends ShellSessionBase implements AgentShell {
  readonly #options: AgentShellOptions;
  readonly #sink: AgentShellSink;
  #connectedAt: number | undefined;
  #deadline: number | undefined;
  /** Goes into the encryption context when the client takes it up; base64. */
  #kmsChallenge: string | undefined;
  #answered = false;
  #clientVersion: string | undefined;
  /** Random bytes that the client must send back under its own key. */
  #keyChallenge: Uint8Array | undefined;
  #exited = false;

  constructor(options: AgentShellOptions, sink: AgentShellSink) {
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
    if (this.#connectedAt === undefined) {
      this.#connectedAt = now;
      this.#start(now);
    }
    this.wake();
  }

  #start(now: number): void {
    const { type, kms, agentVersion } = this.#options;
    if (type !== 'NonInteractiveCommands' && kms === undefined) {
      // The handshake is marked as skipped (section 7): the program simply begins to write.
      this.#begin(undefined);
      return;
    }
    this.#deadline = now + handshakeResponseMs;
    if (kms !== undefined) this.#kmsChallenge = toBase64(kms.randomBytes(kmsChallengeBytes));
    const request = handshakeRequestPayload({
      agentVersion: agentVersion ?? agentVersionDefault,
      sessionType: type,
      properties: null,
      kmsKeyId: kms?.keyId,
      challenge: this.#kmsChallenge,
    });
    this.channel.sendWhole(payloadTypes.handshakeRequest, request, now);
  }

  #begin(clientVersion: string | undefined): void {
    this.open = true;
    this.#deadline = undefined;
    this.#sink.ready({ clientVersion });
    this.wake();
  }

  // ------------------------------------------------------------------------------------------ handshake

  protected sessionMessage(payloadType: number, payload: Uint8Array, now: number): void {
    if (payloadType === payloadTypes.handshakeResponse) this.#handshakeResponse(payload);
    else if (payloadType === payloadTypes.encChallengeResponse) this.#challengeAnswered(payload, now);
    else if (!this.open) this.#sink.discarded('SSM_DATA_BEFORE_HANDSHAKE');
    else if (payloadType === payloadTypes.size) this.#resized(payload);
    else this.#sink.discarded('SSM_PAYLOAD_TYPE_UNKNOWN');
  }

  #resized(payload: Uint8Array): void {
    const size = readSize(payload);
    if (size === undefined) this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
    else if (!this.#exited) this.#sink.resized(size);
  }

  #handshakeResponse(payload: Uint8Array): void {
    if (this.open || this.#answered) {
      this.#sink.discarded('SSM_HANDSHAKE_OUT_OF_ORDER');
      return;
    }
    const response = readHandshakeResponse(payload);
    if (response === undefined) {
      this.#sink.discarded('SSM_PAYLOAD_MALFORMED');
      return;
    }
    this.#answered = true;
    const { kms } = this.#options;
    const refused = response.actions.find(({ status }) => status !== 1);
    if (refused !== undefined) {
      this.#failHandshake(`${refused.actionType} failed on client with status: ${refused.error}`);
    } else if (response.actions.length !== (kms === undefined ? 1 : 2)) {
      this.#failHandshake('The client did not process every requested action.');
    } else {
      this.#clientVersion = response.clientVersion;
      const answer = response.actions.find(({ actionType }) => actionType === 'KMSEncryption');
      if (kms === undefined) this.#complete(this.now);
      else this.#dataKeyGiven(answer?.result, kms.requiresAcknowledgement === true);
    }
  }

  #dataKeyGiven(result: unknown, requiresAcknowledgement: boolean): void {
    const given = readKmsResult(result);
    if (given === undefined) {
      this.#failHandshake('The client gave no data key.');
    } else if (requiresAcknowledgement && !given.acknowledgesChallenge) {
      this.#failHandshake('The client does not acknowledge the challenge of KMS encryption.');
    } else {
      this.#sink.decryptWanted({
        ciphertext: given.ciphertext,
        challenge: given.acknowledgesChallenge ? this.#kmsChallenge : undefined,
      });
    }
  }

  dataKey(plaintext: Uint8Array, now: number): void {
    const { kms } = this.#options;
    if (this.over || this.open || !this.#answered || kms === undefined) return;
    this.now = now;
    this.cipher = new SessionCipher('agent', plaintext, kms);
    this.#deadline = now + encryptionChallengeMs;
    this.#keyChallenge = kms.randomBytes(keyChallengeBytes);
    const challenge = challengePayload(this.cipher.seal(this.#keyChallenge));
    this.channel.sendWhole(payloadTypes.encChallengeRequest, challenge, now);
  }

  dataKeyDenied(detail: string): void {
    if (!this.open) this.#failHandshake(detail);
  }

  #challengeAnswered(payload: Uint8Array, now: number): void {
    const sealed = readChallenge(payload);
    if (this.open || this.#keyChallenge === undefined || this.cipher === undefined) {
      this.#sink.discarded('SSM_HANDSHAKE_OUT_OF_ORDER');
      return;
    }
    const plain = sealed === undefined ? undefined : this.cipher.open(sealed);
    if (plain === undefined || !sameBytes(plain, this.#keyChallenge)) {
      this.#failHandshake('The answer to the encryption challenge is wrong.');
      return;
    }
    this.#complete(now);
  }

  #complete(now: number): void {
    const clientVersion = this.#clientVersion ?? '';
    const outdated =
      this.#options.separateOutput === true && featuresOfClient(clientVersion).outputSeparationWarning;
    const messages = [
      ...(this.cipher === undefined ? [] : [encryptedMessage]),
      ...(outdated ? [separationMessage] : []),
    ];
    const complete = handshakeCompletePayload(now - (this.#connectedAt ?? now), messages.join('\n'));
    this.channel.sendWhole(payloadTypes.handshakeComplete, complete, now);
    this.#begin(clientVersion);
  }

  // ------------------------------------------------------------------------------------------ the program's bytes

  protected refusal(): WireReason | undefined {
    return undefined;
  }

  protected due(payloadType: number): boolean {
    if (this.open && payloadType === payloadTypes.output) return true;
    // Acknowledged and thrown away, as the official agent does before its handshake is complete (section 6.2).
    this.#sink.discarded(this.open ? 'SSM_PAYLOAD_TYPE_UNKNOWN' : 'SSM_DATA_BEFORE_HANDSHAKE');
    return false;
  }

  protected deliver(_payloadType: number, payload: Uint8Array): void {
    if (!this.#exited) this.#sink.data(payload);
  }

  override write(bytes: Uint8Array): number {
    return this.#exited ? 0 : super.write(bytes);
  }

  writeError(bytes: Uint8Array): number {
    if (this.#exited) return 0;
    const { output, stdErr } = payloadTypes;
    return this.offer(this.#options.separateOutput === true ? stdErr : output, bytes);
  }

  protected readonly urgent = false;

  protected sendUrgent(): boolean {
    return false;
  }

  // ------------------------------------------------------------------------------------------ the end

  exited(code: number, now: number): void {
    if (this.over || this.#exited) return;
    this.now = now;
    this.#exited = true;
    // Behind everything that was written, whether or not there is room for more.
    if (this.#options.separateOutput === true) {
      this.outgoing.push(payloadTypes.exitCode, exitCodePayload(code));
    }
    this.#deadline = now + lingerMs;
    this.wake();
    this.#leaveWhenDrained();
  }

  protected acknowledged(): void {
    if (!this.#exited || this.over) return;
    this.#deadline = this.now + lingerMs;
    this.#leaveWhenDrained();
  }

  #leaveWhenDrained(): void {
    if (this.outgoing.length > 0 || this.channel.sender.unacknowledged > 0) return;
    this.#leave();
  }

  #leave(): void {
    const state = agentSessionStatePayload('Terminating', this.#options.sessionId);
    this.channel.sendControl(messageTypes.agentSessionState, state);
    this.finish({ status: 'Success', output: '' });
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

  #failHandshake(detail: string): void {
    this.finish({ status: 'Failed', output: `${handshakeFailed}${detail}` });
  }

  protected gaveUp(): void {
    this.finish({ status: 'Failed', output: 'Stream data was not acknowledged.' });
  }

  protected notAuthentic(): void {
    this.finish({
      status: 'Failed',
      output: 'A message of the client is not encrypted with the session key.',
    });
  }

  protected caughtUp(): void {
    // The agent's end hands nothing on after its program has ended.
  }

  protected get deadline(): number | undefined {
    return this.#deadline;
  }

  protected deadlinePassed(): void {
    if (this.#exited) this.#leave();
    else if (this.#keyChallenge !== undefined) this.#failHandshake('The encryption challenge timed out.');
    else
      this.#failHandshake(
        'Handshake timed out. Please ensure that you have the latest version of the session manager plugin.',
      );
  }
}

/** Compares without telling by its time where the first difference is. */
function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at += 1) difference |= left[at]! ^ right[at]!;
  return difference === 0;
}
