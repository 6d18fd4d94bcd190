import {
  ResumeSessionCommand,
  SSMClient,
  SSMServiceException,
  StartSessionCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm';
import { Problem } from '@sallyport/problems';
import type { Lease } from './control-plane.ts';
import type { Endpoint } from './endpoint.ts';
import { agentThrough, proxiesOfEnvironment, type Proxies } from './proxy.ts';

/** A session that AWS has started or resumed. Token and URL are secrets. */
export interface StartedSession {
  readonly sessionId: string;
  readonly token: string;
  readonly streamUrl: string;
}

/** The three calls a tunnel makes to Session Manager, with the lease's credentials. */
export interface SsmSessions {
  /** Starts a session on the lease's instance with its pinned document; `commandLine` is its one parameter, where it takes one. */
  start(lease: Lease, endpoint: Endpoint, signal: AbortSignal, commandLine?: string): Promise<StartedSession>;
  /** A new token for a session that lost its channel; undefined when AWS has ended it meanwhile. */
  resume(
    lease: Lease,
    endpoint: Endpoint,
    sessionId: string,
    signal: AbortSignal,
  ): Promise<StartedSession | undefined>;
  terminate(lease: Lease, endpoint: Endpoint, sessionId: string): Promise<void>;
}

const answerWithinMs = 15_000;

/** Session Manager through the AWS SDK; foreign errors are translated here and nowhere else. */
export function ssmSessionsThrough(proxies: Proxies): SsmSessions {
  const calling: Calling = (lease, endpoint, call) => callThrough(proxies, lease, endpoint, call);
  return {
    start: (lease, endpoint, signal, commandLine) =>
      calling(lease, endpoint, async (client) => {
        const answer = await client.send(
          new StartSessionCommand({
            Target: lease.instanceId,
            DocumentName: lease.documentName,
            Reason: lease.sessionReason,
            ...(commandLine !== undefined && { Parameters: { command: [commandLine] } }),
          }),
          { abortSignal: signal },
        );
        return startedOf(answer) ?? missingAnswer();
      }),
    resume: (lease, endpoint, sessionId, signal) =>
      calling(lease, endpoint, async (client) => {
        try {
          const answer = await client.send(new ResumeSessionCommand({ SessionId: sessionId }), {
            abortSignal: signal,
          });
          return startedOf({ ...answer, SessionId: answer.SessionId ?? sessionId });
        } catch (error) {
          if (error instanceof SSMServiceException && error.name === 'DoesNotExistException')
            return undefined;
          throw error;
        }
      }),
    terminate: (lease, endpoint, sessionId) =>
      calling(lease, endpoint, async (client) => {
        await client.send(new TerminateSessionCommand({ SessionId: sessionId }));
      }),
  };
}

/** The same by the proxies of the environment: what the command line uses. */
export const awsSsmSessions: SsmSessions = ssmSessionsThrough(proxiesOfEnvironment);

type Calling = <T>(lease: Lease, endpoint: Endpoint, call: (client: SSMClient) => Promise<T>) => Promise<T>;

async function callThrough<T>(
  proxies: Proxies,
  lease: Lease,
  endpoint: Endpoint,
  call: (client: SSMClient) => Promise<T>,
): Promise<T> {
  const agent = await agentThrough(proxies, endpoint.api);
  const { accessKeyId, secretAccessKey, sessionToken } = lease.credentials;
  const client = new SSMClient({
    region: endpoint.region,
    endpoint: endpoint.api.href,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    // One try: the caller decides what is worth another, and a wrong clock is told instead of worked around.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: answerWithinMs,
      requestTimeout: answerWithinMs,
      // Else the SDK only warns: a call into a black hole would never come back, and nothing would be tried again.
      throwOnRequestTimeout: true,
      ...(agent && { httpAgent: agent, httpsAgent: agent }),
    },
  });
  try {
    return await call(client);
  } catch (error) {
    throw translated(error);
  } finally {
    client.destroy();
  }
}

function startedOf(answer: {
  SessionId?: string;
  TokenValue?: string;
  StreamUrl?: string;
}): StartedSession | undefined {
  const { SessionId: sessionId, TokenValue: token, StreamUrl: streamUrl } = answer;
  return sessionId && token && streamUrl ? { sessionId, token, streamUrl } : undefined;
}

function missingAnswer(): never {
  throw new Problem('SSM_UNREACHABLE', { detail: 'AWS answered StartSession without a session.' });
}

const clockErrors = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);
const refusals = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidTarget',
]);

function translated(cause: unknown): unknown {
  if (cause instanceof Problem || (cause instanceof Error && cause.name === 'AbortError')) return cause;
  if (!(cause instanceof SSMServiceException)) return new Problem('SSM_UNREACHABLE', { cause });
  const { name, message } = cause;
  if (clockErrors.has(name) || /signature expired|not yet current/iu.test(message))
    return new Problem('LOCAL_CLOCK_WRONG', { cause });
  if (name === 'TargetNotConnected') return new Problem('SSM_TARGET_OFFLINE', { cause });
  if (name === 'ThrottlingException' || name === 'TooManyRequestsException')
    return new Problem('SSM_THROTTLED', { cause });
  if (refusals.has(name) || cause.$fault === 'client')
    return new Problem('SSM_SESSION_REFUSED', { detail: `AWS refused the session (${name}).`, cause });
  return new Problem('SSM_UNREACHABLE', { detail: `Session Manager failed (${name}).`, cause });
}
