import type { Ids } from '@sallyport/effects';
import { actorName, type Actor, type PersonRef } from './actor.ts';
import { durationText } from './duration.ts';
import type { EventId, Instant } from './ids.ts';
import type { LeaseUse } from './lease.ts';
import type { ResourceRef } from './resource.ts';
import type { LossReason } from './session.ts';

/**
 * Every event and its particulars. All fields are fit for an auditor's eyes: no secret ever enters here; the access
 * key id is the public half of a lease. Durations are seconds, times Unix milliseconds.
 */
export interface AuditDetails {
  'request.submitted': {
    durationSeconds: number;
    reason: string;
    ticket: string | null;
    startsAt: Instant | null;
    extension: boolean;
  };
  'request.cancelled': Record<string, never>;
  'request.lapsed': { waitedSeconds: number };
  'review.recorded': {
    verdict: 'approve' | 'deny';
    automatic: boolean;
    comment: string | null;
    factsDigest: string;
    policies: readonly string[];
  };
  'request.approved': {
    durationSeconds: number;
    denied: readonly string[];
    extension: boolean;
    /** Those that answered by themselves; empty when a person did. */
    automaticPolicies: readonly string[];
  };
  'request.denied': { comment: string };
  'grant.activated': { startsAt: Instant; endsAt: Instant };
  'grant.extended': { seconds: number; from: Instant; endsAt: Instant };
  'grant.ended': { reason: string; comment: string | null };
  'grant.revoke_confirmed': {
    reason: string;
    sweeps: number;
    terminated: readonly string[];
    /** Accounts whose IAM refused the leases of the grant. */
    deniedIn?: readonly string[];
  };
  'lease.intended': {
    usefulUntil: Instant;
    instanceId: string;
    documentName: string;
    /** Gateways that the client found dead and asked to be led around. */
    avoided: readonly string[];
    /** What it is for, as whom and how its session is kept. */
    use?: LeaseUse;
  };
  'lease.issued': { usefulUntil: Instant; accessKeyId: string };
  'lease.failed': { code: string };
  'lease.unknown': { code: string };
  'session.opened': {
    clientVersion: string;
    localPort: number | null;
    instanceId: string;
    documentName: string;
    /** Where the document leads; absent for what has no one port. */
    target?: { readonly host: string | null; readonly port: number };
  };
  'session.connected': { ssmSessionId: string | null };
  /** Why the connection was lost; null from a client that does not say. */
  'session.reconnecting': { reason: LossReason | null };
  'session.closed': { reason: string; bytesUp: number; bytesDown: number; seconds: number };
  'session.terminated': { reason: string };
  'person.signed_in': { by: 'password' | 'token'; address: string | null };
  'person.sign_in_refused': { email: string; address: string | null; code: string };
  'person.signed_out': Record<string, never>;
  'token.made': { tokenId: string; name: string; scopes: readonly string[]; expiresAt: Instant };
  'token.revoked': { tokenId: string; name: string };
  'group.joined': { group: string };
  'group.left': { group: string };
  /** A plan was carried out on a host: the steps that were done, and those that failed with their exit status. */
  'os_users.applied': {
    gateway: string;
    instanceId: string;
    planDigest: string;
    done: readonly string[];
    failed: readonly string[];
  };
  'os_account.created': { gateway: string; instanceId: string; account: string };
  'os_account.unlocked': { gateway: string; instanceId: string; account: string };
  'os_account.locked': { gateway: string; instanceId: string; account: string };
  'agent.join_allowed': { instanceId: string };
  'agent.enrolled': { agentId: string; instanceId: string; fingerprint: string };
  /** The first of a connection; renewals are not told. `thumbprint`: of the client's key. */
  'agent.token_issued': { agentId: string; instanceId: string; thumbprint: string };
  'route.granted': { until: Instant };
  'flow.ended': FlowTotals;
  /** `sha256`: of the encrypted file, in hex. `complete`: not cut short by a crash of the client. */
  'recording.stored': { recordingId: string; bytes: number; sha256: string; complete: boolean };
  'recording.opened': { recordingId: string; sha256: string };
  /** `parts`: how many files of it came, when others did not. */
  'recording.missing': { closedAt: Instant; connected: boolean; parts?: number };
  /** A lease demanded a recording, and no session was told of while it could start one. */
  'recording.untold': { issuedAt: Instant; accessKeyId: string | null };
  'recording.removed': { recordingId: string; sha256: string; keptDays: number };
}

/** The conversations of one grant that a companion agent told of within a minute. */
export type FlowTotals = {
  readonly flows: number;
  readonly refused: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly from: Instant;
  readonly until: Instant;
  /** The largest first. */
  readonly destinations: readonly {
    readonly destination: string;
    readonly port: number | null;
    readonly proto: string;
    readonly name: string | null;
    readonly flows: number;
    readonly refused: number;
  }[];
  readonly moreDestinations: number;
};

export type AuditType = keyof AuditDetails;

/** What an event is about. `resources` holds every resource; `subject` the person concerned when not the actor. */
export interface AuditSubject {
  readonly resources?: readonly ResourceRef[];
  readonly subject?: PersonRef;
  readonly requestId?: string;
  readonly grantId?: string;
  readonly leaseId?: string;
  readonly sessionId?: string;
}

interface EventOf<T extends AuditType> extends AuditSubject {
  readonly id: EventId;
  readonly at: Instant;
  readonly type: T;
  readonly actor: Actor;
  readonly details: AuditDetails[T];
}

/** A fact that happened, in the past tense. */
export type AuditEvent = { [T in AuditType]: EventOf<T> }[AuditType];

/** What it takes to make events: who acts, when, and fresh ids. */
export interface Occasion {
  readonly actor: Actor;
  readonly now: Instant;
  readonly ids: Ids;
}

/** Makes one event. */
export function happened<T extends AuditType>(
  occasion: Occasion,
  type: T,
  about: AuditSubject,
  details: AuditDetails[T],
): AuditEvent {
  const event: EventOf<T> = {
    id: occasion.ids.make('evt'),
    at: occasion.now,
    type,
    actor: occasion.actor,
    ...about,
    details,
  };
  return event as unknown as AuditEvent;
}

const endWords: Readonly<Record<string, string>> = {
  expired: 'Time ended',
  returned: 'returned',
  revoked: 'revoked',
};

/** The event as one sentence for people, for example "approver@example.com approved prod-rds for engineer@example.com for 30 min". */
export function sentenceOf(event: AuditEvent): string {
  const who = actorName(event.actor);
  const what = event.resources?.map((resource) => resource.name).join(', ') || 'nothing';
  const whom = event.subject?.email ?? 'somebody';
  switch (event.type) {
    case 'request.submitted':
      return submitted(event.details, who, what);
    case 'request.cancelled':
      return `${who} took back the request for ${what}`;
    case 'request.lapsed':
      return `The request of ${whom} for ${what} lapsed without an answer after ${durationText(event.details.waitedSeconds)}`;
    case 'review.recorded':
      return event.details.automatic
        ? `The policy ${event.details.policies.join(', ')} said yes to ${what} for ${whom}`
        : `${who} said ${event.details.verdict === 'approve' ? 'yes' : 'no'} to ${what} for ${whom}`;
    case 'request.approved':
      return approved(event.details, who, what, whom);
    case 'request.denied':
      return `${who} denied ${what} to ${whom}: ${event.details.comment}`;
    case 'grant.activated':
      return `The grant of ${what} to ${whom} began`;
    case 'grant.extended':
      return `The grant of ${what} to ${whom} was extended by ${durationText(event.details.seconds)}, until ${new Date(event.details.endsAt).toISOString()}`;
    case 'grant.ended':
      return grantEnded(event.details, who, what, whom);
    case 'grant.revoke_confirmed':
      return `No session of ${whom} on ${what} is left (${event.details.terminated.length} cut)`;
    case 'lease.intended':
      return `${who} is about to be lent credentials for ${what}${useText(event.details.use)}`;
    case 'lease.issued':
      return `${who} was lent credentials for ${what}`;
    case 'lease.failed':
      return `No credentials for ${what} could be lent to ${who} (${event.details.code})`;
    case 'lease.unknown':
      return `Whether credentials for ${what} were lent to ${who} is not known (${event.details.code})`;
    case 'agent.join_allowed':
    case 'agent.enrolled':
    case 'agent.token_issued':
    case 'route.granted':
    case 'flow.ended':
      return networkSentence(event, who, what, whom);
    case 'recording.stored':
    case 'recording.opened':
    case 'recording.missing':
    case 'recording.untold':
    case 'recording.removed':
      return recordingSentence(event, who, what, whom);
    case 'group.joined':
    case 'group.left':
    case 'os_users.applied':
    case 'os_account.created':
    case 'os_account.unlocked':
    case 'os_account.locked':
      return accountSentence(event, who, whom);
    default:
      return sessionOrIdentitySentence(event, who, what, whom);
  }
}

/** `, to run commands as web-ops, encrypted and recorded by the client`; nothing for a port. */
function useText(use: LeaseUse | undefined): string {
  if (use === undefined || use.purpose === 'port') return '';
  const named = use.command === null ? 'commands' : `the command ${use.command}`;
  const what = use.purpose === 'ssh' ? 'SSH' : use.purpose === 'shell' ? 'a shell' : named;
  const kept = [
    ...(use.keyArn === null ? [] : ['encrypted']),
    ...(use.logs === null ? [] : ['logged by the instance']),
    ...(use.clientRecording ? ['recorded by the client'] : []),
  ];
  return `: ${[`${what} as ${use.osUser}`, ...kept].join(', ')}`;
}

function submitted(details: AuditDetails['request.submitted'], who: string, what: string): string {
  const time = durationText(details.durationSeconds);
  const wish = details.extension ? `asked to extend ${what} by ${time}` : `asked for ${what} for ${time}`;
  return `${who} ${wish}: ${details.reason || 'no reason given'}`;
}

function approved(
  details: AuditDetails['request.approved'],
  who: string,
  what: string,
  whom: string,
): string {
  const time = durationText(details.durationSeconds);
  const policies = details.automaticPolicies;
  const by = policies.length > 0 ? `The policy ${policies.join(', ')}` : who;
  return details.extension
    ? `${by} approved ${time} more of ${what} for ${whom}`
    : `${by} approved ${what} for ${whom} for ${time}`;
}

function grantEnded(details: AuditDetails['grant.ended'], who: string, what: string, whom: string): string {
  const comment = details.comment ? `: ${details.comment}` : '';
  switch (details.reason) {
    case 'expired':
      return `The grant of ${what} to ${whom} expired`;
    case 'returned':
      return `${who} gave ${what} back${comment}`;
    case 'revoked':
      return `${who} revoked ${what} from ${whom}${comment}`;
    case 'leaver':
      return `The grant of ${what} to ${whom} ended: ${details.comment ?? 'they left'}`;
    default:
      return `The grant of ${what} to ${whom} ended (${endWords[details.reason] ?? details.reason})${comment}`;
  }
}

type LaterEvent = Extract<AuditEvent, { type: `${'session' | 'person' | 'token'}.${string}` }>;
type RecordingEvent = Extract<AuditEvent, { type: `recording.${string}` }>;
type NetworkEvent = Extract<AuditEvent, { type: `${'agent' | 'route' | 'flow'}.${string}` }>;

function networkSentence(event: NetworkEvent, who: string, what: string, whom: string): string {
  switch (event.type) {
    case 'agent.join_allowed':
      return `${who} let the agent of ${event.details.instanceId} enrol`;
    case 'agent.enrolled':
      return `The agent of ${event.details.instanceId} enrolled (${event.details.fingerprint})`;
    case 'agent.token_issued':
      return `${who} may pass the agent on ${event.details.instanceId} to ${what}`;
    case 'route.granted':
      return `${who} may route ${what} on their machine until ${new Date(event.details.until).toISOString()}`;
    case 'flow.ended':
      return flowsEnded(event.details, what, whom);
  }
}

type AccountEvent = Extract<AuditEvent, { type: `${'group' | 'os_users' | 'os_account'}.${string}` }>;

function accountSentence(event: AccountEvent, who: string, whom: string): string {
  switch (event.type) {
    case 'group.joined':
      return `${who} put ${whom} into the group ${event.details.group}`;
    case 'group.left':
      return `${who} took ${whom} out of the group ${event.details.group}`;
    case 'os_users.applied': {
      const { gateway, instanceId, done, failed } = event.details;
      const not = failed.length === 0 ? '' : `, ${failed.length} failed`;
      return `${who} applied the plan of accounts of ${gateway} on ${instanceId}: ${done.length} done${not}`;
    }
    case 'os_account.created':
      return `${whom} got the account ${event.details.account} on ${event.details.instanceId}`;
    case 'os_account.unlocked':
      return `${whom} got the account ${event.details.account} on ${event.details.instanceId} back`;
    case 'os_account.locked':
      return `The account ${event.details.account} of ${whom} on ${event.details.instanceId} was locked`;
  }
}

function flowsEnded(
  { flows, refused, destinations, moreDestinations }: FlowTotals,
  what: string,
  whom: string,
) {
  const places = destinations.length + moreDestinations;
  const no = refused > 0 ? `, ${refused} of them refused` : '';
  return `${whom} had ${flows} ${flows === 1 ? 'conversation' : 'conversations'} with ${places} ${places === 1 ? 'destination' : 'destinations'} in ${what}${no}`;
}

function recordingSentence(event: RecordingEvent, who: string, what: string, whom: string): string {
  switch (event.type) {
    case 'recording.stored':
      return `${who} delivered the recording of a session on ${what}${event.details.complete ? '' : ', cut short'}`;
    case 'recording.opened':
      return `${who} opened the recording of a session of ${whom} on ${what}`;
    case 'recording.missing':
      return event.details.parts === undefined
        ? `No recording came of a session of ${whom} on ${what} that was to be recorded`
        : `Not all of the recording came of a session of ${whom} on ${what}`;
    case 'recording.untold':
      return `${whom} was handed a lease of ${what} that demanded a recording, and no session was told of`;
    case 'recording.removed':
      return `The recording of a session of ${whom} on ${what} was removed after ${event.details.keptDays} days`;
  }
}

const losses: Readonly<Record<LossReason, string>> = {
  service_close: 'the gateway closed it',
  broken: 'it broke',
  peer_dead: 'the gateway answered no more',
  woke: 'the laptop had slept',
  network_changed: 'the network of the laptop changed',
  agent_dead: 'the agent on the gateway answered no more',
  session_ended: 'the session was ended',
};

/** Events from before reasons were recorded have none. */
function lossText(reason: LossReason | null | undefined): string {
  return reason ? ` (${losses[reason]})` : '';
}

function sessionOrIdentitySentence(event: LaterEvent, who: string, what: string, whom: string): string {
  switch (event.type) {
    case 'session.opened':
      return `${who} began to connect to ${what}`;
    case 'session.connected':
      return `${who} is connected to ${what}`;
    case 'session.reconnecting':
      return `${who} lost the connection to ${what}${lossText(event.details.reason)} and tries again`;
    case 'session.closed':
      return `The session of ${event.subject?.email ?? who} on ${what} closed after ${durationText(event.details.seconds)} (${event.details.reason.replaceAll('_', ' ')})`;
    case 'session.terminated':
      return `${who} cut the session of ${whom} on ${what}: ${event.details.reason}`;
    case 'person.signed_in':
      return `${who} signed in by ${event.details.by}`;
    case 'person.sign_in_refused':
      return `A sign-in as ${event.details.email} was refused (${event.details.code})`;
    case 'person.signed_out':
      return `${who} signed out`;
    case 'token.made':
      return `${who} made the access token ${event.details.name} (${event.details.scopes.join(', ')})`;
    case 'token.revoked':
      return `${who} revoked the access token ${event.details.name}`;
  }
}
