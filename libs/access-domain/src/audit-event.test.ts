import { expect, it } from 'vitest';
import {
  durationText,
  happened,
  personActor,
  sentenceOf,
  type AuditDetails,
  type AuditType,
} from './index.ts';
import { anApprover, aPerson, aResource, countedIds } from './testing/index.ts';

const details: AuditDetails = {
  'request.submitted': {
    durationSeconds: 1800,
    reason: 'INC-1',
    ticket: null,
    startsAt: null,
    extension: false,
  },
  'request.cancelled': {},
  'request.lapsed': { waitedSeconds: 86_400 },
  'review.recorded': {
    verdict: 'approve',
    automatic: false,
    comment: null,
    factsDigest: 'f',
    policies: ['p'],
  },
  'request.approved': { durationSeconds: 1800, denied: [], extension: false, automaticPolicies: [] },
  'request.denied': { comment: 'use staging' },
  'grant.activated': { startsAt: 0, endsAt: 1 },
  'grant.extended': { seconds: 1800, from: 1_800_000, endsAt: 3_600_000 },
  'grant.ended': { reason: 'revoked', comment: 'over' },
  'grant.revoke_confirmed': { reason: 'revoked', sweeps: 6, terminated: ['jit-1'] },
  'lease.intended': { usefulUntil: 0, instanceId: 'i-1', documentName: 'jit-fwd-1', avoided: [] },
  'lease.issued': { usefulUntil: 0, accessKeyId: 'ASIA1' },
  'lease.failed': { code: 'AWS_DENIED' },
  'lease.unknown': { code: 'AWS_ANSWER_LOST' },
  'session.opened': {
    clientVersion: '1',
    localPort: 15432,
    documentName: 'jit-fwd-0a1b2c3d',
    instanceId: 'i-1',
  },
  'session.connected': { ssmSessionId: 'jit-1' },
  'session.reconnecting': { reason: 'agent_dead' },
  'session.closed': { reason: 'client_exit', bytesUp: 1, bytesDown: 2, seconds: 90 },
  'session.terminated': { reason: 'wrong host' },
  'person.signed_in': { by: 'password', address: null },
  'person.sign_in_refused': { email: 'x@example.com', address: null, code: 'CREDENTIALS_INVALID' },
  'person.signed_out': {},
  'token.made': { tokenId: 'tok_1', name: 'laptop', scopes: ['read'], expiresAt: 0 },
  'recording.stored': { recordingId: 'r', bytes: 1, sha256: 'f', complete: false },
  'recording.opened': { recordingId: 'r', sha256: 'f' },
  'recording.missing': { closedAt: 0, connected: true },
  'recording.untold': { issuedAt: 0, accessKeyId: 'ASIA' },
  'recording.removed': { recordingId: 'r', sha256: 'f', keptDays: 365 },
  'token.revoked': { tokenId: 'tok_1', name: 'laptop' },
  'group.joined': { group: 'web' },
  'group.left': { group: 'web' },
  'os_users.applied': { gateway: 'web-1', instanceId: 'i-1', planDigest: 'f', done: ['a'], failed: ['b'] },
  'os_account.created': { gateway: 'web-1', instanceId: 'i-1', account: 'ada' },
  'os_account.unlocked': { gateway: 'web-1', instanceId: 'i-1', account: 'ada' },
  'os_account.locked': { gateway: 'web-1', instanceId: 'i-1', account: 'ada' },
  'agent.join_allowed': { instanceId: 'i-1' },
  'agent.enrolled': { agentId: 'agt_1', instanceId: 'i-1', fingerprint: 'SHA256:k' },
  'agent.token_issued': { agentId: 'agt_1', instanceId: 'i-1', thumbprint: 'k' },
  'route.granted': { until: 0 },
  'flow.ended': {
    ...{ flows: 3, refused: 1, bytesUp: 1, bytesDown: 2, from: 0, until: 1, moreDestinations: 0 },
    destinations: [{ destination: '10.0.2.60', port: 8080, proto: 'tcp', name: null, flows: 3, refused: 1 }],
  },
};

it.each(Object.keys(details) as AuditType[])('%s is told in one whole sentence', (type) => {
  const occasion = { actor: personActor(anApprover()), now: 0, ids: countedIds() };
  const sentence = sentenceOf(
    happened(occasion, type, { resources: [aResource()], subject: aPerson() }, details[type]),
  );
  expect(sentence).not.toMatch(/undefined|null|\[object|nothing|somebody/);
  expect(sentence.length).toBeGreaterThan(20);
});

it.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [90, '1 min 30 s'],
  [1800, '30 min'],
  [3600, '1 h'],
  [5400, '1 h 30 min'],
  [86_400, '1 day'],
  [180_000, '2 days 2 h'],
])('says %i seconds as %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
