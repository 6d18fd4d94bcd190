import { z } from 'zod';
import type { Authoriser, Context } from '../../authorise/authoriser.ts';
import { hidden } from '../../cloudtrail/trail.ts';
import type { SessionDesk, SessionView } from '../../gateway/session-desk.ts';
import { AwsError } from '../aws-error.ts';
import { trailNames, type Call, type Operation } from '../operation.ts';
import { readInput } from './read-input.ts';
import { streamUrl } from './stream-url.ts';

const byId = z.object({
  SessionId: z
    .string()
    .min(1)
    .max(96)
    .regex(/^[\w+=,.@-]+$/),
});

/** ARN of a session; sessions belong to the account they were started in. */
export function sessionArnOf(sessionId: string, account: string, region: string): string {
  return `arn:aws:ssm:${region}:${account}:session/${sessionId}`;
}

/** What IAM may ask about a session. */
export function sessionContext(session: SessionView | undefined): Context {
  if (session === undefined) return {};
  return {
    'ssm:resourceTag/aws:ssmmessages:session-id': session.id,
    'ssm:resourceTag/aws:ssmmessages:target-id': session.target,
  };
}

function ownSession(
  authoriser: Authoriser,
  desk: SessionDesk,
  call: Call,
  action: string,
  id: string,
): SessionView | undefined {
  const session = desk.find(id);
  const visible =
    session?.account === call.caller.account && session.region === call.region ? session : undefined;
  authoriser.require(
    call,
    action,
    sessionArnOf(id, call.caller.account, call.region),
    sessionContext(visible),
  );
  return visible;
}

/** ResumeSession: a fresh token for a session that lives; for one that is over, an answer without token. */
export function resumeSession(authoriser: Authoriser, desk: SessionDesk): Operation {
  return {
    name: 'ResumeSession',
    readOnly: false,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      const { SessionId } = readInput(byId, raw);
      const session = ownSession(authoriser, desk, call, 'ssm:ResumeSession', SessionId);
      if (session === undefined)
        throw AwsError.own('DoesNotExistException', `Session ${SessionId} does not exist.`);
      const ticket = desk.resume(SessionId);
      if (ticket === undefined) return { result: { SessionId }, trail: { sessionId: SessionId } };
      const url = streamUrl(call, ticket);
      return {
        result: { SessionId, TokenValue: ticket.token, StreamUrl: url },
        trail: { sessionId: SessionId, tokenValue: hidden, streamUrl: url },
      };
    },
  };
}

/** TerminateSession: documented without an error for unknown sessions, so it repeats the id. */
export function terminateSession(authoriser: Authoriser, desk: SessionDesk): Operation {
  return {
    name: 'TerminateSession',
    readOnly: false,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      const { SessionId } = readInput(byId, raw);
      if (ownSession(authoriser, desk, call, 'ssm:TerminateSession', SessionId) !== undefined)
        desk.terminate(SessionId);
      return { result: { SessionId }, trail: { sessionId: SessionId } };
    },
  };
}

const filterKeys = [
  'InvokedAfter',
  'InvokedBefore',
  'Target',
  'Owner',
  'Status',
  'SessionId',
  'AccessType',
] as const;
const describeForm = z.object({
  State: z.enum(['Active', 'History']),
  MaxResults: z.int().min(1).max(200).default(50),
  NextToken: z.string().max(200).optional(),
  Filters: z
    .array(z.object({ key: z.string(), value: z.string().min(1).max(400) }))
    .min(1)
    .max(6)
    .optional(),
});

/** DescribeSessions: active sessions or history of the account, newest first, in pages. */
export function describeSessions(authoriser: Authoriser, desk: SessionDesk): Operation {
  return {
    name: 'DescribeSessions',
    readOnly: true,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      authoriser.require(call, 'ssm:DescribeSessions', '*');
      const input = readInput(describeForm, raw);
      const filters = input.Filters ?? [];
      const strange = filters.find(({ key }) => !filterKeys.some((known) => known === key));
      if (strange !== undefined)
        throw AwsError.own('InvalidFilterKey', `The filter ${strange.key} is not valid.`);
      const all = desk
        .list()
        .filter(({ account, region }) => account === call.caller.account && region === call.region)
        .filter(({ endedAt }) => (endedAt === undefined) === (input.State === 'Active'))
        .filter((session) => filters.every(({ key, value }) => passes(session, key, value)));
      const from = input.NextToken === undefined ? 0 : all.findIndex(({ id }) => id === input.NextToken) + 1;
      if (input.NextToken !== undefined && from === 0)
        throw AwsError.own('InvalidNextToken', 'The specified token is not valid.');
      const page = all.slice(from, from + input.MaxResults);
      const next = from + page.length < all.length ? page.at(-1)?.id : undefined;
      return {
        result: { Sessions: page.map(sessionShape), ...(next === undefined ? {} : { NextToken: next }) },
        trail: null,
      };
    },
  };
}

function passes(session: SessionView, key: string, value: string): boolean {
  switch (key) {
    case 'InvokedAfter':
      return session.startedAt > Date.parse(value);
    case 'InvokedBefore':
      return session.startedAt < Date.parse(value);
    case 'Target':
      return session.target === value;
    case 'Owner':
      return session.ownerArn === value;
    case 'Status':
      return session.state === value;
    case 'SessionId':
      return session.id === value;
    default:
      return value === 'Standard';
  }
}

function sessionShape(session: SessionView): object {
  return {
    SessionId: session.id,
    Target: session.target,
    Status: session.state,
    StartDate: session.startedAt / 1000,
    ...(session.endedAt === undefined ? {} : { EndDate: session.endedAt / 1000 }),
    DocumentName: session.documentName,
    Owner: session.ownerArn,
    ...(session.reason === undefined ? {} : { Reason: session.reason }),
    ...(session.longestMs === undefined ? {} : { MaxSessionDuration: String(session.longestMs / 60_000) }),
    OutputUrl: {},
    AccessType: 'Standard',
  };
}
