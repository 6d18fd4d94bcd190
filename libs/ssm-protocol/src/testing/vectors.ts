import { RttEstimator } from '../channel/rtt-estimator.ts';
import { featuresOfAgent, featuresOfClient } from '../channel/versions.ts';
import { openPayload, sealPayload, splitDataKey, type AesGcm } from '../encryption/payload-seal.ts';
import type { WireEnvironment } from '../environment.ts';
import { parseMessage, validateMessage, type Message } from '../message/decode.ts';
import { encodeMessage, type MessageFields } from '../message/encode.ts';
import {
  agentOpenText,
  clientOpenText,
  controlOpenText,
  createChannelBody,
  readOpenText,
} from '../message/open-channel.ts';
import { decodeSmux, encodeSmux } from '../mux/frame.ts';
import { SmuxReader } from '../mux/reader.ts';
import { fromHex, toHex } from './hex.ts';

/** One vector of a file in the form of `ssm-vectors.json`; which members there are depends on `kind`. */
export type Vector = Readonly<Record<string, unknown>> & { readonly name: string; readonly kind: string };

/** What the judge needs from the world. */
export interface VectorTools {
  readonly sha256: WireEnvironment['sha256'];
  readonly aesGcm: AesGcm;
}

/** The vectors of a file's text. Throws when it has not the form of one. */
export function readVectors(text: string): readonly Vector[] {
  const file = JSON.parse(text) as { readonly vectors?: unknown };
  if (!Array.isArray(file.vectors)) throw new TypeError('no list `vectors` in this file');
  return file.vectors as readonly Vector[];
}

/** Holds one vector against the codec: undefined when it passes, else what differs. */
export function judgeVector(vector: Vector, tools: VectorTools): string | undefined {
  const judge = judges[vector.kind];
  if (judge === undefined) return `unknown kind ${vector.kind}`;
  try {
    return judge(vector, tools);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

const judges: Readonly<Record<string, (vector: Vector, tools: VectorTools) => string | undefined>> = {
  message: judgeMessage,
  parse: judgeParse,
  text: judgeText,
  'aes-gcm': judgeAesGcm,
  smux: judgeSmux,
  rto: judgeRto,
  versions: judgeVersions,
};

type Members = Readonly<Record<string, unknown>>;

/** A number that may be given as a decimal text, with `<name>IsString` true. */
function integer(members: Members, name: string): bigint {
  const value = members[name];
  if (typeof value !== 'string' && typeof value !== 'number') throw new TypeError(`${name} is missing`);
  return BigInt(value);
}

function fieldsOf(vector: Vector): MessageFields {
  const fields = vector['fields'] as Members;
  return {
    messageType: String(fields['messageType']),
    schemaVersion: Number(fields['schemaVersion'] ?? 1),
    createdDate: integer(fields, 'createdDate'),
    sequenceNumber: integer(fields, 'sequenceNumber'),
    flags: integer(fields, 'flags'),
    messageId: String(fields['messageId']),
    payloadType: Number(fields['payloadType']),
    payload: fromHex(vector['payloadHex'] as string),
  };
}

function judgeMessage(vector: Vector, tools: VectorTools): string | undefined {
  const fields = fieldsOf(vector);
  let encoded: Uint8Array;
  try {
    encoded = encodeMessage(fields, tools.sha256);
  } catch (error) {
    if (error instanceof RangeError) {
      return vector['error'] === undefined ? `refused: ${error.message}` : undefined;
    }
    throw error;
  }
  if (vector['error'] !== undefined) return 'encoded, where a refusal was expected';
  const hex = toHex(encoded);
  if (hex !== vector['hex']) return `encoded to ${hex}`;
  if (vector['totalLength'] !== undefined && encoded.length !== vector['totalLength']) {
    return `is ${encoded.length} bytes long`;
  }
  const parsed = parseMessage(fromHex(vector['hex']));
  if (!parsed.ok) return parsed.reason;
  const reason = validateMessage(parsed.message, tools.sha256);
  if (reason !== undefined) return reason;
  const text = vector['payloadText'];
  if (typeof text === 'string' && new TextDecoder().decode(parsed.message.payload) !== text) {
    return 'the payload is another text';
  }
  const expected = { headerLength: 116, payloadHex: vector['payloadHex'], ...(vector['fields'] as Members) };
  return differingField(parsed.message, expected);
}

function differingField(message: Message, expected: Members): string | undefined {
  const { exact } = message;
  const found: Readonly<Record<string, unknown>> = {
    headerLength: message.headerLength,
    messageType: message.messageType,
    schemaVersion: message.schemaVersion,
    createdDate: exact.createdDate,
    sequenceNumber: exact.sequenceNumber,
    flags: exact.flags,
    messageId: message.messageId,
    payloadType: message.payloadType,
    payloadLength: message.payloadLength,
    payloadHex: toHex(message.payload),
  };
  for (const [name, value] of Object.entries(expected)) {
    if (name.endsWith('IsString')) continue;
    if (!Object.hasOwn(found, name)) return `unknown field ${name}`;
    const same =
      typeof found[name] === 'bigint' ? found[name] === integer(expected, name) : found[name] === value;
    if (!same) return `${name} is read as ${String(found[name])}`;
  }
  return undefined;
}

function judgeParse(vector: Vector, tools: VectorTools): string | undefined {
  const parsed = parseMessage(fromHex(vector['hex'] as string));
  // The official agent never looks at the digest.
  const agent = String(vector['producer']).startsWith('amazon-ssm-agent');
  const reason = parsed.ok
    ? validateMessage(parsed.message, agent ? undefined : tools.sha256)
    : parsed.reason;
  const result = parsed.ok ? (reason === undefined ? 'ok' : 'invalid') : 'deserialize-error';
  if (result !== vector['result']) return `judged ${result}${reason === undefined ? '' : ` (${reason})`}`;
  if (!parsed.ok || vector['parsed'] === undefined) return undefined;
  return differingField(parsed.message, vector['parsed'] as Members);
}

function judgeText(vector: Vector): string | undefined {
  const text = String(vector['text']);
  const body = JSON.parse(text) as Record<string, string>;
  const again = rebuildText(text, body);
  if (again === undefined) return 'a text of unknown form';
  return again === text || sameJson(JSON.parse(again), body) ? undefined : `rebuilt as ${again}`;
}

function rebuildText(text: string, body: Record<string, string>): string | undefined {
  const requestId = body['RequestId'];
  if (typeof requestId !== 'string') return undefined;
  const open = readOpenText(text);
  if (open === undefined) return createChannelBody({ requestId, clientId: body['ClientId'] });
  if (open.role === 'agent') return agentOpenText({ requestId, ...open });
  if (open.role === 'client') return clientOpenText({ requestId, ...open });
  return controlOpenText({ requestId, ...open, platformType: String(body['PlatformType']) });
}

/** Equal as JSON, whatever the order of members. */
function sameJson(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return left === right;
  }
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every(
    (key) => Object.hasOwn(right, key) && sameJson((left as Members)[key], (right as Members)[key]),
  );
}

function judgeAesGcm(vector: Vector, tools: VectorTools): string | undefined {
  const hex = vector['hex'] as string;
  const plaintext = fromHex(vector['plaintextHex'] as string);
  const key = splitDataKey(fromHex(vector['plaintextKey64Hex'] as string)).clientToAgent;
  if (toHex(key) !== vector['encryptKeyHex']) return `the key is ${toHex(key)}`;
  const sealed = sealPayload(tools.aesGcm, key, fromHex(vector['nonceHex'] as string), plaintext);
  if (toHex(sealed) !== hex) return `sealed as ${toHex(sealed)}`;
  const opened = openPayload(tools.aesGcm, key, fromHex(hex));
  return opened !== undefined && toHex(opened) === toHex(plaintext) ? undefined : 'cannot be opened again';
}

/** Every frame is read and written back; then the bytes are cut at every offset and continued. */
function judgeSmux(vector: Vector): string | undefined {
  const bytes = fromHex(vector['hex'] as string);
  let again = '';
  for (let at = 0; at < bytes.length;) {
    const decoded = decodeSmux(bytes, at);
    if (decoded.kind === 'malformed') return decoded.reason;
    if (decoded.kind === 'need') return `ends within a frame: ${decoded.bytes} bytes wanted at ${at}`;
    const { command, stream, data } = decoded.frame;
    again += toHex(encodeSmux(command, stream, data));
    at = decoded.next;
  }
  if (again !== vector['hex']) return `written back as ${again}`;
  const whole = readSmux([bytes]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const read = readSmux([bytes.subarray(0, cut), bytes.subarray(cut)]);
    if (read !== whole) return `cut at ${cut} it is read as ${read}`;
  }
  return undefined;
}

/** What the incremental reader makes of pieces, as one comparable text. */
function readSmux(pieces: readonly Uint8Array[]): string {
  let read = '';
  let dataOf: number | undefined;
  const reader = new SmuxReader({
    command: (command, stream) => {
      read += ` ${command}/${stream}`;
      dataOf = undefined;
    },
    data: (stream, bytes) => {
      read += `${dataOf === stream ? '' : ` ${stream}:`}${toHex(bytes)}`;
      dataOf = stream;
    },
  });
  for (const piece of pieces) {
    const reason = reader.push(piece);
    if (reason !== undefined) return reason;
  }
  return read;
}

function judgeRto(vector: Vector): string | undefined {
  const estimator = new RttEstimator();
  for (const [index, row] of (vector['rows'] as readonly Members[]).entries()) {
    if (typeof row['rttMs'] === 'number') estimator.sample(row['rttMs']);
    const near = (found: number, name: string) =>
      Math.abs(found - Number(row[name])) <= Math.abs(found) * Number.EPSILON * 8;
    if (estimator.rtoNs !== row['rto_ns']) return `row ${index}: RTO ${estimator.rtoNs}`;
    if (!near(estimator.smoothedNs, 'srtt_ns')) return `row ${index}: SRTT ${estimator.smoothedNs}`;
    if (!near(estimator.variationNs, 'rttvar_ns')) return `row ${index}: RTTVAR ${estimator.variationNs}`;
  }
  return undefined;
}

function judgeVersions(vector: Vector): string | undefined {
  for (const row of vector['rows'] as readonly Readonly<Record<string, string | boolean>>[]) {
    const { agentVersion, clientVersion } = row;
    const found =
      typeof agentVersion === 'string' ? agentRow(agentVersion) : clientRow(String(clientVersion));
    if (!sameJson(found, row)) return `decided ${JSON.stringify(found)}`;
  }
  return undefined;
}

function agentRow(agentVersion: string): Members {
  const { keepAliveDisabled, multiplexing, terminateSessionFlag } = featuresOfAgent(agentVersion);
  return {
    agentVersion,
    disableSmuxKeepAlive: keepAliveDisabled,
    tcpMultiplexing: multiplexing,
    terminateSessionFlag,
  };
}

function clientRow(clientVersion: string): Members {
  const { keepAliveDisabled, multiplexing, outputSeparationWarning } = featuresOfClient(clientVersion);
  return {
    clientVersion,
    mux: multiplexing,
    outputSeparationWarning,
    smuxKeepAliveDisabled: keepAliveDisabled,
  };
}
