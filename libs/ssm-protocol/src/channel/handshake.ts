import { jsonPayload, readJsonObject } from '../message/bodies.ts';

/** Bodies of the handshake (specification section 7). Readers take unknown members and refuse wrong shapes. */

/** One action that the agent asks for. */
export interface RequestedAction {
  readonly actionType: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface HandshakeRequest {
  readonly agentVersion: string;
  readonly actions: readonly RequestedAction[];
}

/** Payload of HandshakeRequest, with KMS when a key is given; `challenge` is base64 of the agent's random bytes. */
export function handshakeRequestPayload(request: {
  readonly agentVersion: string;
  readonly sessionType: string;
  readonly properties: Readonly<Record<string, string>> | null;
  readonly kmsKeyId?: string;
  readonly challenge?: string;
}): Uint8Array {
  const actions: unknown[] = [
    {
      ActionType: 'SessionType',
      ActionParameters: { SessionType: request.sessionType, Properties: request.properties },
    },
  ];
  if (request.kmsKeyId !== undefined) {
    const parameters = { KMSKeyId: request.kmsKeyId, Challenge: request.challenge };
    actions.push({ ActionType: 'KMSEncryption', ActionParameters: parameters });
  }
  return jsonPayload({ AgentVersion: request.agentVersion, RequestedClientActions: actions });
}

/** Reads a HandshakeRequest; undefined when it is malformed. */
export function readHandshakeRequest(payload: Uint8Array): HandshakeRequest | undefined {
  const body = readJsonObject(payload);
  const list = body?.['RequestedClientActions'];
  if (body === undefined || !Array.isArray(list) || list.length > 16) return undefined;
  const actions: RequestedAction[] = [];
  for (const entry of list as unknown[]) {
    if (!isRecord(entry) || typeof entry['ActionType'] !== 'string') return undefined;
    const parameters = entry['ActionParameters'];
    actions.push({
      actionType: entry['ActionType'],
      parameters: isRecord(parameters) ? parameters : {},
    });
  }
  const version = body['AgentVersion'];
  return { agentVersion: typeof version === 'string' ? version : '', actions };
}

/** What a client made of one requested action: 1 success, 2 failed, 3 unsupported. */
export interface ProcessedAction {
  readonly actionType: string;
  readonly status: 1 | 2 | 3;
  readonly error: string;
  /** ActionResult; only KMSEncryption has one. */
  readonly result?: unknown;
}

/**
 * Payload of HandshakeResponse, one entry per requested action in the same order. We put 3 into ActionStatus for an
 * unknown action (the official client writes it into ActionResult and leaves the status 0); to the agent both mean no.
 */
export function handshakeResponsePayload(
  clientVersion: string,
  actions: readonly ProcessedAction[],
): Uint8Array {
  const errors = actions.filter(({ error }) => error !== '').map(({ error }) => error);
  return jsonPayload({
    ClientVersion: clientVersion,
    ProcessedClientActions: actions.map(({ actionType, status, error, result }) => ({
      ActionType: actionType,
      ActionStatus: status,
      ActionResult: result ?? null,
      Error: error,
    })),
    Errors: errors.length === 0 ? null : errors,
  });
}

export interface HandshakeResponse {
  readonly clientVersion: string;
  readonly actions: readonly {
    readonly actionType: string;
    readonly status: number;
    readonly error: string;
    /** ActionResult, as it came. */
    readonly result: unknown;
  }[];
  readonly errors: readonly string[];
}

/** Reads a HandshakeResponse; undefined when it is malformed. */
export function readHandshakeResponse(payload: Uint8Array): HandshakeResponse | undefined {
  const body = readJsonObject(payload);
  const list = body?.['ProcessedClientActions'];
  if (body === undefined || !Array.isArray(list) || list.length > 16) return undefined;
  const actions = [];
  for (const entry of list as unknown[]) {
    if (!isRecord(entry) || typeof entry['ActionType'] !== 'string') return undefined;
    const status = entry['ActionStatus'];
    const error = entry['Error'];
    actions.push({
      actionType: entry['ActionType'],
      status: typeof status === 'number' ? status : 0,
      error: typeof error === 'string' ? error : '',
      result: entry['ActionResult'],
    });
  }
  const version = body['ClientVersion'];
  const errors = body['Errors'];
  return {
    clientVersion: typeof version === 'string' ? version : '',
    actions,
    errors: Array.isArray(errors) ? errors.filter((error) => typeof error === 'string') : [],
  };
}

/** Payload of HandshakeComplete; the duration is whole nanoseconds. */
export function handshakeCompletePayload(durationMs: number, customerMessage: string): Uint8Array {
  return jsonPayload({
    HandshakeTimeToComplete: Math.round(durationMs * 1_000_000),
    CustomerMessage: customerMessage,
  });
}

/** The agent's text for the user in a HandshakeComplete; '' when there is none, undefined when it is malformed. */
export function readHandshakeComplete(payload: Uint8Array): { customerMessage: string } | undefined {
  const body = readJsonObject(payload);
  if (body === undefined) return undefined;
  const message = body['CustomerMessage'];
  return { customerMessage: typeof message === 'string' ? message : '' };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
