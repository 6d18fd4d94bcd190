import type { Ids } from '@sallyport/effects';
import { hasRole, inAnyGroup, personActor, systemActor, type Actor, type Person } from '../actor.ts';
import { happened } from '../audit-event.ts';
import { decided, refuse, type Decision } from '../decision.ts';
import {
  aboutGrant,
  grantAt,
  type ActiveGrant,
  type EndedGrant,
  type Grant,
  type GrantEndReason,
} from '../grant.ts';
import type { Instant } from '../ids.ts';
import { limits } from '../limits.ts';

interface Moment {
  readonly now: Instant;
  readonly ids: Ids;
}

/** A scheduled grant begins. Refuses with GRANT_NOT_DUE when it is not scheduled or its time has not come. */
export function activateGrant(grant: Grant, { now, ids }: Moment): Decision<ActiveGrant> {
  if (grant.state !== 'scheduled' || now < grant.startsAt || now >= grant.endsAt)
    return refuse('GRANT_NOT_DUE');
  const next: ActiveGrant = { ...grant, state: 'active', version: grant.version + 1 };
  const { startsAt, endsAt } = next;
  return decided(next, [
    happened({ actor: systemActor, now, ids }, 'grant.activated', aboutGrant(next), { startsAt, endsAt }),
  ]);
}

/** A grant's time is over. Refuses with GRANT_NOT_DUE when it has ended already or has time left. */
export function expireGrant(grant: Grant, moment: Moment): Decision<EndedGrant> {
  if (grant.state === 'ended' || moment.now < grant.endsAt) return refuse('GRANT_NOT_DUE');
  return end(grant, { at: grant.endsAt, reason: 'expired', comment: null, actor: systemActor }, moment);
}

/** The person needs it no longer. Refuses with GRANT_UNKNOWN (not theirs) and GRANT_NOT_ACTIVE. */
export function returnGrant(stored: Grant, person: Person, moment: Moment): Decision<EndedGrant> {
  const grant = grantAt(stored, moment.now);
  if (grant.person.id !== person.id) return refuse('GRANT_UNKNOWN');
  if (grant.state === 'ended')
    return refuse('GRANT_NOT_ACTIVE', { detail: `The grant has ended (${grant.endReason}).` });
  return end(
    grant,
    { at: moment.now, reason: 'returned', comment: null, actor: personActor(person) },
    moment,
  );
}

/** An administrator, or somebody who may review the resource, may revoke. */
export function mayRevoke(grant: Grant, person: Person): boolean {
  return hasRole(person, 'admin') || (person.id !== grant.person.id && inAnyGroup(person, grant.reviewers));
}

/** Ends a grant at once. Refuses with REVOKE_NOT_ALLOWED, REASON_REQUIRED, REASON_TOO_LONG and GRANT_NOT_ACTIVE. */
export function revokeGrant(
  stored: Grant,
  command: { person: Person; reason: string },
  moment: Moment,
): Decision<EndedGrant> {
  const grant = grantAt(stored, moment.now);
  const reason = command.reason.trim();
  if (!mayRevoke(grant, command.person)) return refuse('REVOKE_NOT_ALLOWED');
  if (reason === '') return refuse('REASON_REQUIRED', { detail: 'Say why; the person sees it.' });
  if (reason.length > limits.reasonCharactersMax)
    return refuse('REASON_TOO_LONG', {
      detail: `The reason has ${reason.length} characters; ${limits.reasonCharactersMax} are allowed.`,
    });
  if (grant.state === 'ended')
    return refuse('GRANT_NOT_ACTIVE', { detail: `The grant has ended (${grant.endReason}).` });
  const actor = personActor(command.person);
  return end(grant, { at: moment.now, reason: 'revoked', comment: reason, actor }, moment);
}

/** The person may no longer have it, since they left a group. Refuses with GRANT_NOT_ACTIVE. */
export function endGrantOfLeaver(stored: Grant, group: string, moment: Moment): Decision<EndedGrant> {
  const grant = grantAt(stored, moment.now);
  if (grant.state === 'ended')
    return refuse('GRANT_NOT_ACTIVE', { detail: `The grant has ended (${grant.endReason}).` });
  const comment = `${grant.person.email} left the group ${group}`;
  return end(grant, { at: moment.now, reason: 'leaver', comment, actor: systemActor }, moment);
}

interface End {
  readonly at: Instant;
  readonly reason: GrantEndReason;
  readonly comment: string | null;
  readonly actor: Actor;
}

function end(grant: Exclude<Grant, EndedGrant>, how: End, { now, ids }: Moment): Decision<EndedGrant> {
  const next: EndedGrant = {
    ...grant,
    state: 'ended',
    version: grant.version + 1,
    endedAt: how.at,
    endReason: how.reason,
    endComment: how.comment,
  };
  const { reason, comment } = how;
  return decided(next, [
    happened({ actor: how.actor, now, ids }, 'grant.ended', aboutGrant(next), { reason, comment }),
  ]);
}

/** When the sessions of a grant that ended at `endedAt` are looked for. */
export function sweepTimes(endedAt: Instant): Instant[] {
  return limits.sweepSeconds.map((seconds) => endedAt + seconds * 1000);
}
