import { expect, it } from 'vitest';
import type { AccessRequest } from '../../api/contract.ts';
import { recordedText } from '../resources/session-reach.ts';
import { requestOutcome } from '../access/request-outcome.ts';
import { policyLines } from './policy-lines.ts';
import { byNetwork, wayText } from '../resources/network-reach.ts';
import { encryptionText, keptText, usageLine } from '../resources/session-reach.ts';
import { historySentence, reachAddress, reachSentence, selectorText } from './reach-sentence.ts';

it('marks the lines that tie the policy to this request', () => {
  const policy = {
    Effect: 'Allow',
    Resource: ['arn:aws:ec2:eu-west-1:1:instance/i-0ab', 'arn:aws:ssm:eu-west-1:1:document/jit-fwd-1'],
    Condition: { DateLessThan: { 'aws:CurrentTime': '${lease end: at most 120 s after issue}' } },
  };
  const pinned = policyLines(policy, ['i-0ab', 'jit-fwd-1', null, '']).filter((line) => line.pinned);
  expect(pinned.map(({ text }) => text.trim())).toEqual([
    '"arn:aws:ec2:eu-west-1:1:instance/i-0ab",',
    '"arn:aws:ssm:eu-west-1:1:document/jit-fwd-1"',
    '"aws:CurrentTime": "${lease end: at most 120 s after issue}"',
  ]);
});

it('says what becomes reachable', () => {
  const database = {
    host: 'db',
    port: 5432,
    protocol: 'postgresql',
    database: 'shop',
    databaseRole: 'app_ro',
  };
  expect(reachSentence({ reach: database })).toBe('PostgreSQL database shop, role app_ro');
  expect(reachSentence({ reach: { host: 'web', port: 80, protocol: 'http' } })).toBe('HTTP');
  expect(reachSentence({ reach: { host: 'x', port: 1, protocol: null } })).toBe('TCP');
  expect(selectorText({ ServerType: 'bastion', AccessGranted: 'true' })).toBe(
    'ServerType=bastion, AccessGranted=true',
  );
});

it('says as whom people work on a host, what they may run, and how it is kept', () => {
  const reach = { host: null, port: null, protocol: null };
  const ssh = { user: 'web-ops', port: 22, instanceConnect: true };
  expect(reachAddress({ reach, ssh })).toBe('web-ops over SSH');
  const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/5a1e7b0c';
  const shell = {
    ...{ runAs: 'web-ops', login: true, encrypted: true, keyArn, clientRecording: true },
    commands: { which: 'any' as const, listed: [] },
    logs: { to: 'cloudWatch' as const, place: '/jit/shell', prefix: null },
  };
  expect(reachAddress({ reach, shell })).toBe('web-ops: shell, any command');
  expect(keptText(shell)).toBe('encrypted by KMS, logged, recorded by the client');
  expect(encryptionText(shell)).toBe('Encrypted with KMS key 5a1e7b0c, from end to end');
  expect(usageLine({ name: 'web-1-shell', kind: 'shell', shell })).toBe('tunnel shell web-1-shell');
  const listed = [{ name: 'restart', run: 'systemctl restart web' }];
  const tasks = { ...shell, login: false, keyArn: null, logs: null, clientRecording: false };
  const alone = { ...tasks, commands: { which: 'listed' as const, listed } };
  expect(reachAddress({ reach, shell: alone })).toBe('web-ops: restart');
  expect(keptText(alone)).toBe('Neither logged nor recorded');
  expect(usageLine({ name: 'tasks', kind: 'shell', shell: alone })).toBe('tunnel exec tasks -- restart');
});

it('says what of a network becomes reachable, and that nothing holds people to it', () => {
  const reach = { host: null, port: null, protocol: null };
  const routes = [
    {
      cidr: '10.0.0.0/20',
      ports: [
        [443, 443],
        [8000, 8010],
      ],
      proto: 'tcp' as const,
    },
    { cidr: '10.0.0.0/20', ports: [], proto: 'icmp' as const },
    { cidr: 'fd00:1::/64', ports: [[1, 65_535]], proto: 'udp' as const },
  ];
  const network = {
    ...{ routes, suffixes: ['internal'], resolver: null, carries: ['tcp' as const] },
    ...{ way: 'agent' as const, everything: false },
  };
  expect(reachAddress({ reach, network })).toBe('10.0.0.0/20, fd00:1::/64');
  expect(reachSentence({ reach, network })).toBe('Whole network');
  expect(byNetwork(network).map(({ carried }) => carried)).toEqual([
    'TCP 443, 8000-8010, ping',
    'UDP all ports',
  ]);
  const open = { ...network, way: 'ssh' as const, everything: true };
  expect(reachSentence({ reach, network: open })).toBe('Everything that this gateway reaches');
  expect(wayText(open)).toContain('everything that this gateway reaches');
});

it.each([
  [0, 0, 'First time in 30 days'],
  [1, 0, 'Asked once in 30 days, used\u00A00'],
  [3, 2, 'Asked 3 times in 30 days, used\u00A02'],
])('tells a history of %s asked and %s used', (asked30d, used30d, sentence) =>
  expect(historySentence({ asked30d, used30d })).toBe(sentence),
);

it('says how a request stands and who answered it', () => {
  const base = { reviews: [], reviewers: ['db-owners'], durationSeconds: 3_600 } as unknown as AccessRequest;
  const reviewer = { id: 'prs_2', name: 'Amara', email: 'approver@example.com' };
  const review = {
    id: 'rev_1',
    reviewer,
    automatic: false,
    verdict: 'deny' as const,
    comment: 'not now',
    at: '',
  };
  expect(requestOutcome({ ...base, state: 'pending' }).sentence).toBe('Waiting for one of db-owners.');
  expect(requestOutcome({ ...base, state: 'denied', reviews: [review] })).toMatchObject({
    tone: 'denied',
    sentence: 'Denied by Amara.',
    comment: 'not now',
  });
  const automatic = {
    ...review,
    reviewer: null,
    automatic: true,
    verdict: 'approve' as const,
    comment: null,
  };
  expect(requestOutcome({ ...base, state: 'approved', reviews: [automatic] }).sentence).toBe(
    'Approved by the policy.',
  );
  expect(requestOutcome({ ...base, state: 'lapsed' }).tone).toBe('ended');
  expect(requestOutcome({ ...base, state: 'cancelled' }).tone).toBe('ended');
});

it.each([
  ['as the catalogue says, of what is no shell', null, false, { recorded: false, sentence: 'By hand.' }],
  [
    'as the catalogue says, where it agrees',
    { logs: null, clientRecording: true },
    true,
    { recorded: true, sentence: 'By hand.' },
  ],
  [
    'by the client, where only the policy demands it',
    { logs: null, clientRecording: true },
    false,
    { recorded: true, sentence: 'What is shown is kept by the client.' },
  ],
  [
    'not at all, whatever the catalogue says',
    { logs: null, clientRecording: false },
    true,
    { recorded: false, sentence: 'Nothing is kept.' },
  ],
])('tells that a shell is kept %s', (_, shell, recorded, told) =>
  expect(recordedText({ recording: { recorded, statement: 'By hand.' }, shell })).toEqual(told),
);
