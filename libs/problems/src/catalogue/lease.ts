import { entries } from '../catalogue-entry.ts';

export const lease = entries({
  LEASE_LIMITED: {
    kind: 'limited',
    title: 'Too many leases in a short time.',
    advice: 'Wait the time told; sessions that are open stay open.',
  },
  LEASE_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'AWS did not give credentials.',
    advice: 'Try again in a moment; the audit log holds what AWS answered.',
  },
  LEASE_UNKNOWN: {
    kind: 'missing',
    title: 'There is no such lease of yours.',
    advice: 'Ask for a new lease against the grant.',
  },
  LEASE_ENDED: {
    kind: 'conflict',
    title: 'The lease is no longer useful.',
    advice: 'Ask for a new lease against the grant.',
  },
  LEASE_PURPOSE_NOT_GRANTED: {
    kind: 'refused',
    title: 'The grant does not give this.',
    advice:
      'Look at what the resource gives with `tunnel show`, and ask for another resource where that is not enough.',
  },
  LEASE_ENCRYPTION_DEMANDED: {
    kind: 'refused',
    title: 'Sessions must be encrypted with a KMS key here, and AWS encrypts no ports so.',
    advice: 'Open a shell or run a command instead; ask an administrator when a port is needed.',
  },
  LEASE_SELF_CHECK_FAILED: {
    kind: 'bug',
    title: 'The rendered policy did not pass its own check, so nothing was issued.',
    advice: 'Report the id shown.',
  },
  LEASE_OS_ACCOUNT_MISSING: {
    kind: 'refused',
    title: 'You have no account on this host.',
    advice: 'Ask an administrator to look at `tunnel users plan` of its gateway.',
  },
  DOCUMENT_CHANGED: {
    kind: 'conflict',
    title: 'The Session document is not the one that was enrolled.',
    advice: 'Ask an administrator to look at the document before anybody connects.',
  },
});
