import type { IncomingMessage } from 'node:http';
import type { Effects } from '@sallyport/effects';
import type { Authenticator } from '../authorise/authenticate.ts';
import type { Authoriser } from '../authorise/authoriser.ts';
import type { Trail } from '../cloudtrail/trail.ts';
import { readBody } from '../front-door/request-body.ts';
import { signedRequestOf, sourceOf } from '../front-door/signed-request.ts';
import type { SessionTable } from '../gateway/session-table.ts';
import { channelRefusal } from '../gateway/upgrade-refusal.ts';
import type { Caller } from '../principals/caller.ts';
import { AwsError } from '../services/aws-error.ts';
import { sessionArnOf, sessionContext } from '../services/ssm/sessions.ts';
import type { Answer } from '../services/wire-protocol.ts';
import type { ControlChannels } from './control-channels.ts';

export interface ChannelRestParts {
  readonly table: SessionTable;
  readonly channels: ControlChannels;
  readonly authenticator: Authenticator;
  readonly authoriser: Authoriser;
  readonly trail: Trail;
  readonly effects: Effects;
}

type Kind = 'control' | 'data';

interface Progress {
  caller?: Caller;
  region: string;
}

/**
 * The REST calls of the message gateway, which agents make before they open a channel: signed, JSON in, XML out, and 201 for
 * success. POST `/v1/control-channel/<instance>` and `/v1/data-channel/<session>`.
 */
export class ChannelRest {
  readonly #parts: ChannelRestParts;

  constructor(parts: ChannelRestParts) {
    this.#parts = parts;
  }

  /** The answer, or undefined when the request is none of these calls. */
  async answer(request: IncomingMessage): Promise<Answer | undefined> {
    const match = /^\/v1\/(control|data)-channel\/([\w+=,.@-]{1,96})$/.exec(request.url ?? '');
    if (request.method !== 'POST' || match === null) return undefined;
    const kind = match[1] as Kind;
    const id = match[2]!;
    const requestId = this.#parts.effects.random.uuid();
    const progress: Progress = { region: 'us-east-1' };
    try {
      const token = await this.#create(request, kind, id, progress);
      this.#record(request, kind, id, requestId, progress, undefined);
      return created(kind, token, requestId);
    } catch (error) {
      const refused =
        error instanceof AwsError
          ? error
          : AwsError.common('internal', 'An error occurred on the server side.');
      if (!(error instanceof AwsError))
        this.#parts.effects.log.write('error', 'channel call failed', { requestId, reason: String(error) });
      const refusal = channelRefusal(refused);
      this.#record(request, kind, id, requestId, progress, { code: refusal.code, message: refused.message });
      return { status: refusal.status, headers: xmlHeaders(requestId), body: refusal.body };
    }
  }

  async #create(request: IncomingMessage, kind: Kind, id: string, progress: Progress): Promise<string> {
    const { authenticator, authoriser, table, channels } = this.#parts;
    const signed = signedRequestOf(request, await readBody(request));
    const claim = authenticator.claimOf(signed);
    progress.region = claim.region;
    const { caller, region, service } = await authenticator.authenticate(claim, signed);
    progress.caller = caller;
    if (service !== 'ssmmessages')
      throw AwsError.common(
        'bad-signature',
        "Credential should be scoped to correct service: 'ssmmessages'.",
      );
    const asking = { caller, region, ...sourceOf(request) };
    if (kind === 'control') {
      authoriser.require(asking, 'ssmmessages:CreateControlChannel', '*');
      const instance = channels.instance(id);
      const own = instance?.account === caller.account && instance.region === region;
      const token = own ? channels.issueToken(id) : undefined;
      if (token === undefined)
        throw AwsError.own('AccessDeniedException', `${id} is no instance with an agent of its own.`, 403);
      return token;
    }
    const session = table.live(id);
    authoriser.require(
      asking,
      'ssmmessages:CreateDataChannel',
      sessionArnOf(id, caller.account, region),
      sessionContext(session?.view),
    );
    const own =
      session?.order.instance.account === caller.account && session.order.instance.agent === 'attached';
    // The text that makes an agent give up at once instead of trying again.
    if (session === undefined || !own) throw AwsError.own('BadRequest', 'Session is already terminated', 400);
    return session.issueToken('agent');
  }

  #record(
    request: IncomingMessage,
    kind: Kind,
    id: string,
    requestId: string,
    { caller, region }: Progress,
    error: { code: string; message: string } | undefined,
  ): void {
    this.#parts.trail.append({
      caller,
      eventSource: 'ssmmessages.amazonaws.com',
      eventName: kind === 'control' ? 'CreateControlChannel' : 'CreateDataChannel',
      region,
      ...sourceOf(request),
      requestId,
      readOnly: false,
      requestParameters: kind === 'control' ? { instanceId: id } : { sessionId: id },
      responseElements: null,
      error,
    });
  }
}

function xmlHeaders(requestId: string): Record<string, string> {
  return { 'content-type': 'application/xml', 'x-amzn-requestid': requestId };
}

function created(kind: Kind, token: string, requestId: string): Answer {
  const root = kind === 'control' ? 'CreateControlChannelResponse' : 'CreateDataChannelResponse';
  return {
    status: 201,
    headers: xmlHeaders(requestId),
    body: `<${root}><MessageSchemaVersion>1.0</MessageSchemaVersion><TokenValue>${token}</TokenValue></${root}>`,
  };
}
