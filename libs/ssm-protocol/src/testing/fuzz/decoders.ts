import { readChallenge, readKmsRequest, readKmsResult } from '../../channel/encryption-bodies.ts';
import {
  readHandshakeComplete,
  readHandshakeRequest,
  readHandshakeResponse,
} from '../../channel/handshake.ts';
import { featuresOfAgent, featuresOfClient } from '../../channel/versions.ts';
import { wireReasons } from '../../errors.ts';
import { frameBytesMax, smuxDataBytesMax } from '../../limits.ts';
import {
  readAcknowledgedNumber,
  readChannelClosedOutput,
  readExitCode,
  readFlag,
  readSize,
} from '../../message/bodies.ts';
import { decodeMessage, parseMessage } from '../../message/decode.ts';
import { readOpenText } from '../../message/open-channel.ts';
import { decodeSmux } from '../../mux/frame.ts';
import { SmuxReader } from '../../mux/reader.ts';
import type { WireEnvironment } from '../../environment.ts';
import type { Chance } from '../chance.ts';

/** What is wrong with how a decoder took an input; undefined when nothing is. */
export type Judge = (input: Uint8Array, chance: Chance) => string | undefined;

/** Is it a code of the catalogue, and its own (not one that every object has)? */
export function catalogued(reason: string): boolean {
  return Object.hasOwn(wireReasons, reason);
}

/** The decoders of the wire that take bytes of strangers, each with what must hold whatever comes. A throw is a finding too. */
export function decoderJudges(sha256: WireEnvironment['sha256']): Readonly<Record<string, Judge>> {
  return {
    message: (input) => judgeMessage(input, sha256),
    smux: judgeSmux,
    'smux in pieces': judgeReader,
    bodies: judgeBodies,
    'bodies of shells': judgeShellBodies,
    opening: judgeOpening,
  };
}

function judgeMessage(input: Uint8Array, sha256: WireEnvironment['sha256']): string | undefined {
  for (const decoded of [parseMessage(input), decodeMessage(input, sha256), decodeMessage(input)]) {
    if (!decoded.ok) {
      if (!catalogued(decoded.reason)) return `reason ${decoded.reason} is not catalogued`;
      continue;
    }
    const { message } = decoded;
    if (input.length > frameBytesMax) return 'took a frame beyond the bound';
    if (message.payload.length > input.length) return 'the payload is longer than the frame';
    if (message.payload.buffer !== input.buffer) return 'the payload was copied';
    if (message.messageType.length > 32) return 'the type is longer than its field';
    if (Number.isNaN(message.sequenceNumber + message.createdDate + message.flags))
      return 'a field is no number';
    if (message.messageId.length !== 36) return 'the id is not a UUID';
  }
  return undefined;
}

function judgeSmux(input: Uint8Array, chance: Chance): string | undefined {
  const at = chance.whole(0, Math.min(4, input.length));
  const decoded = decodeSmux(input, at);
  if (decoded.kind === 'malformed') {
    return catalogued(decoded.reason) ? undefined : `reason ${decoded.reason} is not catalogued`;
  }
  if (decoded.kind === 'need') {
    const most = 8 + smuxDataBytesMax;
    return decoded.bytes > most ? `wants ${decoded.bytes} bytes` : undefined;
  }
  return decoded.next > input.length ? 'went beyond the input' : undefined;
}

function judgeReader(input: Uint8Array, chance: Chance): string | undefined {
  let handed = 0;
  let commands = 0;
  const reader = new SmuxReader({
    command: () => void (commands += 1),
    data: (_stream, bytes) => void (handed += bytes.length),
  });
  let at = 0;
  while (at < input.length) {
    const end = Math.min(input.length, at + chance.whole(1, 40));
    const reason = reader.push(input.subarray(at, end));
    if (reason !== undefined) {
      if (!catalogued(reason)) return `reason ${reason} is not catalogued`;
      break;
    }
    at = end;
  }
  return handed + commands * 8 > input.length ? 'handed on more than came in' : undefined;
}

function judgeBodies(input: Uint8Array): string | undefined {
  const number = readAcknowledgedNumber(input);
  if (!Number.isSafeInteger(number) || number < -1) return `acknowledges ${number}`;
  const flag = readFlag(input);
  if (flag !== undefined && !(flag >= 0 && flag <= 0xffff_ffff)) return `flag ${flag}`;
  if (typeof readChannelClosedOutput(input) !== 'string') return 'the output of channel_closed is no text';
  const request = readHandshakeRequest(input);
  if (request !== undefined) {
    if (request.actions.length > 16) return 'more than 16 actions';
    featuresOfAgent(request.agentVersion);
  }
  const response = readHandshakeResponse(input);
  if (response !== undefined) {
    if (response.actions.length > 16) return 'more than 16 processed actions';
    featuresOfClient(response.clientVersion);
  }
  const complete = readHandshakeComplete(input);
  return complete !== undefined && typeof complete.customerMessage !== 'string' ? 'no text' : undefined;
}

function judgeShellBodies(input: Uint8Array): string | undefined {
  const size = readSize(input);
  if (
    size !== undefined &&
    !(size.cols >= 1 && size.cols <= 65_535 && size.rows >= 1 && size.rows <= 65_535)
  ) {
    return `a terminal of ${size.cols}x${size.rows}`;
  }
  const code = readExitCode(input);
  if (code !== undefined && !Number.isSafeInteger(code)) return `exit status ${code}`;
  readChallenge(input);
  for (const { parameters } of readHandshakeRequest(input)?.actions ?? []) {
    const kms = readKmsRequest(parameters);
    if (kms !== undefined && (kms.keyId === '' || kms.keyId.length > 2048)) return 'a key without a bound';
  }
  for (const { result } of readHandshakeResponse(input)?.actions ?? []) {
    if (readKmsResult(result)?.ciphertext.length === 0) return 'an empty data key';
  }
  return undefined;
}

const decoder = new TextDecoder();

function judgeOpening(input: Uint8Array): string | undefined {
  const open = readOpenText(decoder.decode(input));
  if (open === undefined) return undefined;
  return typeof open.token === 'string' && open.token !== '' ? undefined : 'opened without a token';
}
