import type { CloseOrder } from '@sallyport/connect';
import { ApiProblem, type UsedResource } from '@sallyport/api-client';
import { clean } from '../output/text.ts';
import { useLine } from './usage.ts';

const because: Readonly<Record<string, string>> = {
  expired: 'its time has expired',
  returned: 'you gave it back',
  revoked: 'it was revoked',
  superseded: 'another grant took its place',
  policy_changed: 'the policy changed',
  leaver: 'the person left',
  ticket_closed: 'the ticket was closed',
};

/** The end of a grant (or of one session) while its tunnel ran: exit code 12, with the reason. */
export function grantEnded(resource: UsedResource, order: CloseOrder): ApiProblem {
  const name = clean(resource.name);
  const comment = order.comment ? `: "${clean(order.comment)}"` : '';
  const cut = order.code === 'SESSION_TERMINATED';
  const why = cut
    ? 'the session was cut by an administrator'
    : `the grant ended, ${because[order.reason] ?? clean(order.reason)}`;
  return new ApiProblem({
    type: `/docs/problems/${order.code}`,
    title: cut ? 'The session was cut by an administrator.' : 'The grant has ended.',
    status: 409,
    detail: `${name}: ${why}${comment}`,
    code: order.code,
    kind: 'ended',
    advice: cut
      ? 'Ask who cut it and why before you open another.'
      : `Ask again if you still need it: ${useLine(resource)}`,
    endReason: order.reason,
    endComment: order.comment,
  });
}
