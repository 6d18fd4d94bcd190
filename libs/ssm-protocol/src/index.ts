/** The Session Manager wire, both roles, sans I/O. See the README beside this folder. */
export * as limits from './limits.ts';
export type { WireEnvironment } from './environment.ts';
export { wireReasons, type WireReason } from './errors.ts';
export type * from './session/contract.ts';
export { clientVersionDefault, createClientSession } from './session/client-session.ts';
export { agentVersionDefault, createAgentSession } from './session/agent-session.ts';
export type * from './session/shell-contract.ts';
export { shellTypes } from './session/shell-contract.ts';
export { createClientShell } from './session/client-shell.ts';
export { createAgentShell } from './session/agent-shell.ts';
export { sessionKeyContext, type KmsRequest, type SessionKeyContext } from './channel/encryption-bodies.ts';
export type { SessionEncryption } from './encryption/session-cipher.ts';

export { encodeMessage, type MessageFields } from './message/encode.ts';
export {
  decodeMessage,
  Message,
  parseMessage,
  structuralReasons,
  validateMessage,
  type DecodedMessage,
} from './message/decode.ts';
export { openPayload, sealPayload, splitDataKey, type AesGcm } from './encryption/payload-seal.ts';
export { messageTypes, type KnownMessageType } from './message/message-type.ts';
export { flagValues, headerFlags, payloadTypes } from './message/payload-type.ts';
export {
  agentSessionStatePayload,
  agentTaskCompletePayload,
  channelClosedPayload,
  flagPayload,
  jsonPayload,
  readAcknowledgedNumber,
  readChannelClosedOutput,
  readFlag,
  readJsonObject,
  type ChannelClosed,
  type TerminalSize,
} from './message/bodies.ts';
export {
  agentOpenText,
  clientOpenText,
  controlOpenText,
  createChannelBody,
  readOpenText,
  type OpenFrame,
} from './message/open-channel.ts';
export { RttEstimator } from './channel/rtt-estimator.ts';
export { readHandshakeRequest, type HandshakeRequest } from './channel/handshake.ts';
export { featuresOfAgent, featuresOfClient } from './channel/versions.ts';
export {
  decodeSmux,
  encodeSmux,
  smuxCommands,
  smuxHeaderBytes,
  type DecodedSmux,
  type SmuxCommand,
  type SmuxFrame,
} from './mux/frame.ts';
export { SmuxReader, type SmuxReaderSink } from './mux/reader.ts';
