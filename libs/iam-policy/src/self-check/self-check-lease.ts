import { evaluate, type CallerPolicies } from '../evaluate/evaluate.ts';
import type { Principal, RequestContext, Resource } from '../evaluate/facts.ts';
import { defaultSessionDocument, evaluateStartSession } from '../evaluate/start-session.ts';
import { partitionOf } from '../partition.ts';
import { renderConnectBoundary, renderConnectPermissions } from '../render/connect-role.ts';
import { databaseUserArn, type LeaseInput } from '../render/lease.ts';
import { leaseSessionName, nodeArn } from '../render/names.ts';

/** A session policy about to be handed to STS, and what it is meant for. */
export interface LeaseUnderCheck {
  /** What the grant gives: the facts of the database row, never of the policy itself. */
  readonly lease: LeaseInput;
  /** The session policy as it will be sent, parsed from its text. */
  readonly sessionPolicy: unknown;
  /** Session tag `Team`. */
  readonly team: string;
  /** Tags of the instance as the inventory saw them. */
  readonly instanceTags: Readonly<Record<string, string>>;
  /** The spoke's enrolment tags, from which its role is rendered. */
  readonly enrolmentTags: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface SelfCheck {
  readonly ok: boolean;
  /** What is allowed that must not be, or refused that must be allowed; empty when ok. */
  readonly failures: readonly string[];
}

/**
 * Evaluates a lease before it is issued: together with its role and boundary the granted way must be open, and by
 * itself it must close each of several decoys (a sibling instance, another document, AWS's port forwarding to any
 * host, the default shell by name and by silence, another grant's session, another database user, the time after its
 * end). The issuer refuses to issue otherwise.
 * Throws PolicyInputError when the facts do not have their forms.
 */
export function selfCheckLease(check: LeaseUnderCheck): SelfCheck {
  const scene = sceneOf(check);
  const { lease } = check;
  const other = otherGrant(lease.grantId);
  const target = scene.instance(lease.instanceId);
  const own = scene.session(leaseSessionName(lease.grantId));
  const foreign = scene.session(leaseSessionName(other));
  const last = { ...scene, at: lastMoment(lease.leaseEndsAt, check.now) };
  const over = { ...scene, at: lease.leaseEndsAt };
  // Decoys are put to the lease alone: it must refuse them even were the role wide open.
  const alone = { ...last, policies: { identityPolicies: [check.sessionPolicy] } };
  const aloneOver = { ...alone, at: lease.leaseEndsAt };
  const granted = scene.document(lease.documentName);
  const anyHost = `arn:${partitionOf(lease.region)}:ssm:${lease.region}::document/AWS-StartPortForwardingSessionToRemoteHost`;

  const signIns = signInsOf(lease);
  const pushes = pushesOf(lease);
  const keys = keysOf(lease);
  const mustAllow: [string, boolean][] = [
    ['start the granted session', start(last, target, granted)],
    ['open the data channel of its session', act(last, 'ssmmessages:OpenDataChannel', own)],
    ['end its session after its end', act(over, 'ssm:TerminateSession', own)],
    ...signIns.must(last),
    ...pushes.must(last),
    ...keys.must(last),
  ];
  const mustDeny: [string, boolean][] = [
    ['start on a sibling instance', start(alone, scene.instance(siblingOf(lease.instanceId)), granted)],
    ['start through another document', start(alone, target, scene.document(`${lease.documentName}-decoy`))],
    ['start through a document to any host', start(alone, target, anyHost)],
    ['open the default shell by name', start(alone, target, scene.document(defaultSessionDocument))],
    ['open the default shell by silence', start(alone, target, undefined)],
    ['start after its end', start(aloneOver, target, granted)],
    ['open a data channel after its end', act(aloneOver, 'ssmmessages:OpenDataChannel', own)],
    ["open another grant's data channel", act(alone, 'ssmmessages:OpenDataChannel', foreign)],
    ["end another grant's session", act(alone, 'ssm:TerminateSession', foreign)],
    ['list sessions', act(alone, 'ssm:DescribeSessions', '*')],
    ...signIns.mustNot(alone, aloneOver),
    ...pushes.mustNot(alone, aloneOver),
    ...keys.mustNot(alone, aloneOver),
  ];
  const failures = [
    ...mustAllow.filter(([, allowed]) => !allowed).map(([what]) => `it cannot ${what}`),
    ...mustDeny.filter(([, allowed]) => allowed).map(([what]) => `it can ${what}`),
  ];
  return { ok: failures.length === 0, failures };
}

/** What a lease has to allow and to refuse of signing in to databases. */
function signInsOf({ region, accountId, databaseUser }: LeaseInput) {
  const user = databaseUser ?? { rdsResourceId: 'db-NOBODYSDATABASE', name: 'jit_decoy' };
  const own = databaseUserArn(region, accountId, user);
  const signIn = (scene: Scene, arn: string) => act(scene, 'rds-db:connect', arn);
  const decoys: [string, string][] = [
    ['sign in as another database user', `${own}x`],
    ['sign in as the owner of the database', own.replace(/[^/]+$/, 'postgres')],
    ['sign in to another database', own.replace(/dbuser:([^/]+)/, 'dbuser:$1X')],
  ];
  return {
    must: (last: Scene): [string, boolean][] =>
      databaseUser ? [['sign in as its database user', signIn(last, own)]] : [],
    mustNot: (alone: Scene, over: Scene): [string, boolean][] => [
      ...decoys.map(([what, arn]): [string, boolean] => [what, signIn(alone, arn)]),
      databaseUser
        ? ['sign in to its database after its end', signIn(over, own)]
        : ['sign in to a database', signIn(alone, own)],
    ],
  };
}

/** What a lease has to allow and to refuse of pushing SSH keys by Instance Connect. */
function pushesOf({ instanceId, osUser }: LeaseInput) {
  const own = osUser ?? 'jit-decoy';
  const push = (scene: Scene, user: string, id = instanceId) =>
    act(scene, 'ec2-instance-connect:SendSSHPublicKey', scene.instance(id), { 'ec2:osuser': user });
  return {
    must: (last: Scene): [string, boolean][] =>
      osUser == null ? [] : [['push a key for its OS user', push(last, own)]],
    mustNot: (alone: Scene, over: Scene): [string, boolean][] => [
      ['push a key for root', push(alone, 'root')],
      ['push a key for another OS user', push(alone, `${own}x`)],
      ['push a key to a sibling instance', push(alone, own, siblingOf(instanceId))],
      osUser == null ? ['push a key', push(alone, own)] : ['push a key after its end', push(over, own)],
    ],
  };
}

/** What a lease has to allow and to refuse of the key that shells are encrypted with. */
function keysOf({ instanceId, region, accountId, keyArn }: LeaseInput) {
  const own = keyArn ?? `arn:${partitionOf(region)}:kms:${region}:${accountId}:key/${decoyKeyId}`;
  const use = (scene: Scene, target: string, { arn = own, action = 'kms:GenerateDataKey' } = {}) =>
    act(scene, action, arn, {
      'kms:EncryptionContext:aws:ssm:TargetId': target,
      'kms:EncryptionContextKeys': ['aws:ssm:SessionId', 'aws:ssm:TargetId'],
    });
  return {
    must: (last: Scene): [string, boolean][] =>
      keyArn == null ? [] : [['make a data key for its session', use(last, instanceId)]],
    mustNot: (alone: Scene, over: Scene): [string, boolean][] => [
      ['make a data key for a sibling instance', use(alone, siblingOf(instanceId))],
      [
        'use another key',
        use(alone, instanceId, { arn: `${own.slice(0, -1)}${own.endsWith('0') ? '1' : '0'}` }),
      ],
      ['decrypt with the key', use(alone, instanceId, { action: 'kms:Decrypt' })],
      keyArn == null
        ? ['make a data key', use(alone, instanceId)]
        : ['make a data key after its end', use(over, instanceId)],
    ],
  };
}

const decoyKeyId = '00000000-0000-0000-0000-000000000000';

interface Scene {
  readonly principal: Principal;
  readonly policies: CallerPolicies;
  readonly at: number;
  readonly instance: (id: string) => Resource;
  readonly document: (name: string) => string;
  readonly session: (sessionName: string) => string;
}

function sceneOf({ lease, sessionPolicy, team, instanceTags, enrolmentTags, now }: LeaseUnderCheck): Scene {
  const { accountId, region, grantId } = lease;
  const sessionName = leaseSessionName(grantId);
  const partition = partitionOf(region);
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${accountId}:${rest}`;
  return {
    principal: {
      arn: `arn:${partition}:sts::${accountId}:assumed-role/JitConnect/${sessionName}`,
      accountId,
      userId: `AROAXXXXXXXXXXXXXXXXX:${sessionName}`,
      tags: { GrantId: grantId, Team: team },
    },
    policies: {
      identityPolicies: [
        renderConnectPermissions({
          accountId,
          partition,
          enrolmentTags,
          databaseSignIn: lease.databaseUser != null,
          instanceConnect: lease.osUser != null,
          hybridNodes: lease.instanceId.startsWith('mi-'),
          sessionKeyArn: lease.keyArn ?? null,
        }),
      ],
      boundary: renderConnectBoundary({ accountId, partition }),
      sessionPolicy,
    },
    at: now,
    instance: (id) => ({ arn: nodeArn(partition, region, accountId, id), tags: instanceTags }),
    document: (name) => arn('ssm', `document/${name}`),
    session: (name) => arn('ssm', `session/${name}-0a1b2c3d4e5f60718`),
  };
}

/** A document left out is judged as AWS did for years: the laxer of the two documented behaviours. */
function start(scene: Scene, target: Resource, documentArn: string | undefined): boolean {
  const { decision } = evaluateStartSession({
    principal: scene.principal,
    ...scene.policies,
    target,
    documentArn,
    defaultDocumentArn: scene.document(defaultSessionDocument),
    unnamedDocument: 'legacy',
    context: { 'aws:CurrentTime': iso(scene.at) },
  });
  return decision === 'allow';
}

function act(
  scene: Scene,
  action: string,
  resource: string | Resource,
  context: RequestContext = {},
): boolean {
  const { decision } = evaluate({
    principal: scene.principal,
    ...scene.policies,
    request: { action, resource, context: { 'aws:CurrentTime': iso(scene.at), ...context } },
  });
  return decision === 'allow';
}

const iso = (milliseconds: number) => new Date(milliseconds).toISOString();

/** A moment at which the lease must still work: now, unless it ends within this very second. */
function lastMoment(leaseEndsAt: number, now: number): number {
  return Math.min(now, Math.floor(leaseEndsAt / 1000) * 1000 - 1);
}

function siblingOf(instanceId: string): string {
  return instanceId.slice(0, -1) + (instanceId.endsWith('0') ? '1' : '0');
}

function otherGrant(grantId: string): string {
  return grantId.slice(0, -1) + (grantId.endsWith('0') ? '1' : '0');
}
