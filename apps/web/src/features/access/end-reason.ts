const words: Record<string, string> = {
  expired: 'Its time was over',
  returned: 'Returned',
  revoked: 'Revoked',
  superseded: 'Replaced by a newer grant',
  policy_changed: 'The policy changed',
  leaver: 'The person left',
  ticket_closed: 'The ticket was closed',
  error: 'Ended by a failure',
  client_exit: 'Closed by the person',
  idle: 'Closed for lack of use',
  grant_ended: 'The grant ended',
  network: 'Contact was lost',
  gateway_lost: 'The gateway was lost',
  limit: 'A limit was reached',
};

/** Why a grant or a session ended, in words; an unknown reason as it came. */
export function endReasonInWords(reason: string | null): string {
  if (!reason) return 'Ended';
  return words[reason] ?? reason.replaceAll('_', ' ');
}
