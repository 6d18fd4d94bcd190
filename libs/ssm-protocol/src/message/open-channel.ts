/** The first, textual frame of each WebSocket (specification section 3.3). It holds a token: never log it. */

/** What opens a data channel from the client's side. */
export function clientOpenText(open: {
  readonly requestId: string;
  readonly token: string;
  readonly clientId: string;
  readonly clientVersion: string;
}): string {
  return JSON.stringify({
    MessageSchemaVersion: '1.0',
    RequestId: open.requestId,
    TokenValue: open.token,
    ClientId: open.clientId,
    ClientVersion: open.clientVersion,
  });
}

/** What opens a data channel from the agent's side. Its ClientId is empty, as the real worker's is. */
export function agentOpenText(open: {
  readonly requestId: string;
  readonly token: string;
  readonly instanceId: string;
}): string {
  return JSON.stringify({
    MessageSchemaVersion: '1.0',
    RequestId: open.requestId,
    TokenValue: open.token,
    ClientInstanceId: open.instanceId,
    ClientId: '',
  });
}

/** What opens an agent's control channel. */
export function controlOpenText(open: {
  readonly requestId: string;
  readonly token: string;
  readonly agentVersion: string;
  readonly platformType: string;
}): string {
  return JSON.stringify({
    Cookie: null,
    MessageSchemaVersion: '1.0',
    RequestId: open.requestId,
    TokenValue: open.token,
    AgentVersion: open.agentVersion,
    PlatformType: open.platformType,
  });
}

/** HTTP body of CreateControlChannel (no `clientId`) and of CreateDataChannel (its ClientId is empty in practice). */
export function createChannelBody(create: {
  readonly requestId: string;
  readonly clientId?: string;
}): string {
  return JSON.stringify({
    MessageSchemaVersion: '1.0',
    RequestId: create.requestId,
    ...(create.clientId === undefined ? {} : { ClientId: create.clientId }),
  });
}

/** An opening frame as the gateway sees it: `ClientInstanceId` tells an agent from a client. */
export type OpenFrame =
  | {
      readonly role: 'client';
      readonly token: string;
      readonly clientId: string;
      readonly clientVersion: string;
    }
  | { readonly role: 'agent'; readonly token: string; readonly instanceId: string }
  | { readonly role: 'control'; readonly token: string; readonly agentVersion: string };

/** Reads an opening frame; undefined when it is not one or holds no token. Unknown members are tolerated. */
export function readOpenText(text: string): OpenFrame | undefined {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined; // not JSON, so no opening frame; the gateway closes with 1003
  }
  if (typeof body !== 'object' || body === null) return undefined;
  const member = (name: string) => (typeof body[name] === 'string' ? body[name] : '');
  const token = member('TokenValue');
  if (token === '') return undefined;
  if (typeof body['ClientInstanceId'] === 'string') {
    return { role: 'agent', token, instanceId: body['ClientInstanceId'] };
  }
  if ('Cookie' in body || 'AgentVersion' in body) {
    return { role: 'control', token, agentVersion: member('AgentVersion') };
  }
  return {
    role: 'client',
    token,
    clientId: member('ClientId'),
    clientVersion: member('ClientVersion'),
  };
}
