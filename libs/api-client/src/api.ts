import createClient from 'openapi-fetch';
import { Problem } from '@sallyport/problems';
import { apiProblemOf } from './api-problem.ts';
import type {
  AnnounceRecording,
  CliSignIn,
  CloseSession,
  EnrolAgent,
  ExtendGrant,
  Heartbeat,
  IssueAgentToken,
  IssueLease,
  MakeAccessToken,
  OpenSession,
  operations,
  paths,
  RecordReview,
  SignIn,
  SubmitAccessRequest,
} from './schema.ts';

export interface ApiOptions {
  /** Where the control plane is, without `/api`; empty for the page's own origin. */
  readonly baseUrl: string;
  /** A personal access token, or how to get the present one; leave out where a cookie speaks. */
  readonly token?: string | (() => string | undefined);
  readonly fetch?: (request: Request) => Promise<Response>;
  /** Further headers, such as the client's version. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sees every answer before it is judged, for debugging and for clock comparison. */
  readonly onAnswer?: (answer: Response, request: Request) => void;
}

type Query<Name extends keyof operations> = NonNullable<operations[Name]['parameters']['query']>;
type Signal = { readonly signal?: AbortSignal };

/** The control plane's API, one function per operation. */
export type Api = ReturnType<typeof createApi>;

/**
 * Functions that give the answer or throw: `ApiProblem` for what the control plane refuses, a `Problem` of code
 * SERVER_UNREACHABLE or SERVER_ANSWER_UNREADABLE when nothing of ours answers, and the abort's own reason.
 */
export function createApi(options: ApiOptions) {
  const client = createClient<paths>({
    baseUrl: options.baseUrl,
    ...(options.fetch ? { fetch: options.fetch } : {}),
    ...(options.headers ? { headers: options.headers } : {}),
  });
  client.use({
    onRequest({ request }) {
      const token = typeof options.token === 'function' ? options.token() : options.token;
      if (token !== undefined) request.headers.set('Authorization', `Bearer ${token}`);
    },
    onResponse({ request, response }) {
      options.onAnswer?.(response, request);
    },
  });
  return {
    ...identityOperations(client),
    ...requestOperations(client),
    ...sessionOperations(client),
    ...networkOperations(client),
    ...recordingOperations(client),
    ...accountOperations(client),
  };
}

type Client = ReturnType<typeof createClient<paths>>;

function identityOperations(client: Client) {
  return {
    signIn: (body: SignIn, { signal }: Signal = {}) => answer(client.POST('/api/sign-in', { body, signal })),
    signOut: ({ signal }: Signal = {}) => nothing(client.POST('/api/sign-out', { signal })),
    readMe: ({ signal }: Signal = {}) => answer(client.GET('/api/me', { signal })),
    cliSignIn: (body: CliSignIn, { signal }: Signal = {}) =>
      answer(client.POST('/api/cli-sign-in', { body, signal })),
    listAccessTokens: ({ signal }: Signal = {}) => answer(client.GET('/api/access-tokens', { signal })),
    makeAccessToken: (body: MakeAccessToken, { signal }: Signal = {}) =>
      answer(client.POST('/api/access-tokens', { body, signal })),
    revokeAccessToken: (id: string, { signal }: Signal = {}) =>
      nothing(client.DELETE('/api/access-tokens/{id}', { params: { path: { id } }, signal })),
    listAuditEvents: (query: Query<'listAuditEvents'> = {}, { signal }: Signal = {}) =>
      answer(client.GET('/api/audit-events', { params: { query }, signal })),
  };
}

function requestOperations(client: Client) {
  const at = (id: string) => ({ path: { id } });
  return {
    listResources: (query: Query<'listResources'> = {}, { signal }: Signal = {}) =>
      answer(client.GET('/api/resources', { params: { query }, signal })),
    readResource: (name: string, { signal }: Signal = {}) =>
      answer(client.GET('/api/resources/{name}', { params: { path: { name } }, signal })),
    readLogDestination: (name: string, { signal }: Signal = {}) =>
      answer(client.GET('/api/resources/{name}/log-destination', { params: { path: { name } }, signal })),
    readSessionPolicy: (name: string, { signal }: Signal = {}) =>
      answer(client.GET('/api/resources/{name}/session-policy', { params: { path: { name } }, signal })),
    submitAccessRequest: (body: SubmitAccessRequest, { signal }: Signal = {}) =>
      answer(client.POST('/api/access-requests', { body, signal })),
    listAccessRequests: (query: Query<'listAccessRequests'> = {}, { signal }: Signal = {}) =>
      answer(client.GET('/api/access-requests', { params: { query }, signal })),
    readAccessRequest: (id: string, { signal }: Signal = {}) =>
      answer(client.GET('/api/access-requests/{id}', { params: at(id), signal })),
    cancelAccessRequest: (id: string, { signal }: Signal = {}) =>
      answer(client.POST('/api/access-requests/{id}/cancel', { params: at(id), signal })),
    recordReview: (id: string, body: RecordReview, { signal }: Signal = {}) =>
      answer(client.POST('/api/access-requests/{id}/reviews', { params: at(id), body, signal })),
    listGrants: (query: Query<'listGrants'> = {}, { signal }: Signal = {}) =>
      answer(client.GET('/api/grants', { params: { query }, signal })),
    readGrant: (id: string, { signal }: Signal = {}) =>
      answer(client.GET('/api/grants/{id}', { params: at(id), signal })),
    returnGrant: (id: string, { signal }: Signal = {}) =>
      answer(client.POST('/api/grants/{id}/return', { params: at(id), signal })),
    extendGrant: (id: string, body: ExtendGrant, { signal }: Signal = {}) =>
      answer(client.POST('/api/grants/{id}/extensions', { params: at(id), body, signal })),
    revokeGrant: (id: string, reason: string, { signal }: Signal = {}) =>
      answer(client.POST('/api/grants/{id}/revoke', { params: at(id), body: { reason }, signal })),
  };
}

function sessionOperations(client: Client) {
  const at = (id: string) => ({ path: { id } });
  return {
    issueLease: (grantId: string, body: IssueLease = {}, { signal }: Signal = {}) =>
      answer(client.POST('/api/grants/{id}/leases', { params: at(grantId), body, signal })),
    openSession: (body: OpenSession, { signal }: Signal = {}) =>
      answer(client.POST('/api/sessions', { body, signal })),
    beatSession: (id: string, body: Heartbeat, { signal }: Signal = {}) =>
      answer(client.POST('/api/sessions/{id}/heartbeat', { params: at(id), body, signal })),
    closeSession: (id: string, body: CloseSession, { signal }: Signal = {}) =>
      answer(client.POST('/api/sessions/{id}/close', { params: at(id), body, signal })),
    terminateSession: (id: string, reason: string, { signal }: Signal = {}) =>
      answer(client.POST('/api/sessions/{id}/terminate', { params: at(id), body: { reason }, signal })),
    listSessions: (query: Query<'listSessions'> = {}, { signal }: Signal = {}) =>
      answer(client.GET('/api/sessions', { params: { query }, signal })),
  };
}

function networkOperations(client: Client) {
  const at = (id: string) => ({ path: { id } });
  return {
    issueAgentToken: (grantId: string, body: IssueAgentToken, { signal }: Signal = {}) =>
      answer(client.POST('/api/grants/{id}/agent-tokens', { params: at(grantId), body, signal })),
    issueRouteGrant: (grantId: string, { signal }: Signal = {}) =>
      answer(client.POST('/api/grants/{id}/route-grants', { params: at(grantId), signal })),
    listSigningKeys: ({ signal }: Signal = {}) => answer(client.GET('/api/signing-keys', { signal })),
    listFlows: (grantId: string, query: Query<'listFlows'> = {}, { signal }: Signal = {}) =>
      answer(client.GET('/api/grants/{id}/flows', { params: { ...at(grantId), query }, signal })),
    listAgents: ({ signal }: Signal = {}) => answer(client.GET('/api/agents', { signal })),
    makeJoinToken: (instanceId: string, { signal }: Signal = {}) =>
      answer(client.POST('/api/agents/join-tokens', { body: { instanceId }, signal })),
    enrolAgent: (body: EnrolAgent, { signal }: Signal = {}) =>
      answer(client.POST('/api/agents/enrolments', { body, signal })),
  };
}

function accountOperations(client: Client) {
  const at = (gateway: string) => ({ path: { gateway } });
  const member = (group: string, email: string) => ({ path: { group, email } });
  return {
    listAccountsGateways: ({ signal }: Signal = {}) =>
      answer(client.GET('/api/gateways/with-accounts', { signal })),
    listGivenUpWork: ({ signal }: Signal = {}) => answer(client.GET('/api/given-up-work', { signal })),
    planAccounts: (gateway: string, { signal }: Signal = {}) =>
      answer(client.POST('/api/gateways/{gateway}/accounts/plan', { params: at(gateway), signal })),
    applyAccounts: (gateway: string, plan: string, { signal }: Signal = {}) =>
      answer(
        client.POST('/api/gateways/{gateway}/accounts/apply', {
          params: at(gateway),
          body: { plan },
          signal,
        }),
      ),
    listGroups: ({ signal }: Signal = {}) => answer(client.GET('/api/groups', { signal })),
    joinGroup: (group: string, email: string, { signal }: Signal = {}) =>
      answer(client.PUT('/api/groups/{group}/members/{email}', { params: member(group, email), signal })),
    leaveGroup: (group: string, email: string, { signal }: Signal = {}) =>
      answer(client.DELETE('/api/groups/{group}/members/{email}', { params: member(group, email), signal })),
  };
}

function recordingOperations(client: Client) {
  const at = (id: string) => ({ path: { id } });
  return {
    announceRecording: (grantId: string, body: AnnounceRecording, { signal }: Signal = {}) =>
      answer(client.POST('/api/grants/{id}/recordings', { params: at(grantId), body, signal })),
    /** The encrypted file, streamed where it is a stream. */
    sendRecording: (
      id: string,
      body: Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>,
      { signal }: Signal = {},
    ) =>
      nothing(
        client.PUT('/api/recordings/{id}/body', {
          ...{ params: at(id), signal, duplex: 'half' },
          headers: { 'content-type': 'application/octet-stream' },
          body: '',
          bodySerializer: () => body,
        }),
      ),
    listRecordings: (query: Query<'listRecordings'> = {}, { signal }: Signal = {}) =>
      answer(client.GET('/api/recordings', { params: { query }, signal })),
    readRecording: (id: string, { signal }: Signal = {}) =>
      answer(client.GET('/api/recordings/{id}', { params: at(id), signal })),
    /** The encrypted file, as a stream. */
    openRecording: async (id: string, { signal }: Signal = {}): Promise<ReadableStream<Uint8Array>> => {
      const parseAs = 'stream' as const;
      const { data } = await judged(
        client.GET('/api/recordings/{id}/body', { params: at(id), parseAs, signal }),
      );
      if (!data) throw new Problem('SERVER_ANSWER_UNREADABLE');
      return data;
    },
  };
}

interface Fetched<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

async function answer<T>(fetched: Promise<Fetched<T>>): Promise<T> {
  const { data } = await judged(fetched);
  if (data === undefined || typeof data !== 'object') throw new Problem('SERVER_ANSWER_UNREADABLE');
  return data;
}

async function nothing(fetched: Promise<Fetched<unknown>>): Promise<void> {
  await judged(fetched);
}

async function judged<T>(fetched: Promise<Fetched<T>>): Promise<Fetched<T>> {
  const result = await fetched.catch((cause: unknown) => {
    throw transportProblem(cause);
  });
  if (result.response.ok) return result;
  throw apiProblemOf(result.error) ?? new Problem('SERVER_ANSWER_UNREADABLE', { cause: result.error });
}

/**
 * fetch says TypeError when no answer came, TimeoutError when its end did not come in time, SyntaxError when it was no JSON; an abort keeps its own
 * reason.
 */
function transportProblem(cause: unknown): unknown {
  if (cause instanceof TypeError || (cause instanceof Error && cause.name === 'TimeoutError'))
    return new Problem('SERVER_UNREACHABLE', { cause });
  if (cause instanceof SyntaxError) return new Problem('SERVER_ANSWER_UNREADABLE', { cause });
  return cause;
}
