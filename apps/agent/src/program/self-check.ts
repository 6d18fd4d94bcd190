import { accessSync, constants, statSync } from 'node:fs';
import { connect } from 'node:net';
import type { Effects } from '@sallyport/effects';
import { fingerprint, thumbprint } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { lookAtPacketDevice } from '../node/packet-device.ts';
import { openPinger } from '../node/ping.ts';
import { askResolver, type ResolverAddress } from '../node/ask-resolver.ts';
import { agentVersion } from '../version.ts';
import type { Configuration } from './configuration.ts';
import type { EnrolmentStore } from './enrolment.ts';

/** One thing that was looked at. `warn` is worth knowing, `fail` keeps the agent from its work. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
}

/** Tokens last a minute: beyond this a clock makes every one of them wrong. */
const clockOffSecondsMax = 5;
const answerWithinMs = 5_000;

/** Looks at everything the agent rests on. Changes nothing. */
export async function selfCheck(
  configuration: Configuration,
  store: EnrolmentStore,
  resolver: ResolverAddress | undefined,
  effects: Effects,
): Promise<Finding[]> {
  const checks: [string, () => Promise<Omit<Finding, 'what'>>][] = [
    ['version', async () => ok(`${agentVersion}, Node ${process.versions.node}`)],
    ['user', async () => userFinding()],
    ['state folder', async () => folderFinding(configuration.stateFolder)],
    ['key', () => keyFinding(store)],
    ['enrolment', async () => enrolmentFinding(store)],
    ['control plane and clock', () => controlPlaneFinding(configuration.controlPlane, effects)],
    ['resolver', () => resolverFinding(resolver, effects)],
    ['echoes', () => echoFinding(effects)],
    ['whole packets (L3)', () => packetsFinding(configuration)],
    ['loopback port', () => portFinding(configuration.port)],
  ];
  const findings: Finding[] = [];
  for (const [what, check] of checks) {
    const found = await check().catch((cause: unknown): Omit<Finding, 'what'> => ({
      state: 'fail',
      detail: cause instanceof Error ? cause.message : String(cause),
    }));
    findings.push({ what, ...found });
  }
  return findings;
}

const ok = (detail: string) => ({ state: 'ok', detail }) as const;
const warn = (detail: string) => ({ state: 'warn', detail }) as const;
const fail = (detail: string) => ({ state: 'fail', detail }) as const;

function userFinding() {
  const uid = process.geteuid?.() ?? -1;
  return uid === 0 ? warn('runs as root; give it a user of its own') : ok(`runs as uid ${String(uid)}`);
}

function folderFinding(folder: string) {
  accessSync(folder, constants.W_OK);
  const others = (statSync(folder).mode & 0o077) !== 0;
  return others ? fail(`${folder} is open to other users`) : ok(folder);
}

async function keyFinding(store: EnrolmentStore) {
  const key = store.readKey();
  return key === undefined ? fail('not made yet') : ok(fingerprint(await thumbprint(key)));
}

function enrolmentFinding(store: EnrolmentStore) {
  const enrolment = store.read();
  if (enrolment === undefined) return fail('not enrolled yet');
  return ok(
    `${enrolment.agentId} of ${enrolment.issuer}, ${String(enrolment.keys.length)} signing keys trusted`,
  );
}

async function controlPlaneFinding(controlPlane: string, { clock }: Effects) {
  const url = new URL('api/health/live', controlPlane.replace(/\/?$/, '/'));
  const response = await fetch(url, { signal: AbortSignal.timeout(answerWithinMs), redirect: 'error' }).catch(
    () => undefined,
  );
  if (response === undefined)
    return warn(
      `${url.host} does not answer from here: records and revocations wait, tokens still bound every grant`,
    );
  await response.body?.cancel();
  const theirs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return warn('it answers, but tells no time to compare with');
  const off = Math.round((clock.now() - theirs) / 1000);
  const text = `it answers; this clock is ${String(Math.abs(off))} s ${off < 0 ? 'behind' : 'ahead'}`;
  return Math.abs(off) > clockOffSecondsMax ? fail(text) : ok(text);
}

async function resolverFinding(resolver: ResolverAddress | undefined, { random }: Effects) {
  if (resolver === undefined) return warn('none: no names are answered');
  const at = `${resolver.address} port ${String(resolver.port)}`;
  const signal = AbortSignal.timeout(answerWithinMs);
  const answer = await askResolver(resolver, 'localhost', 'A', random, signal).catch(() => undefined);
  return answer === undefined ? fail(`${at} does not answer`) : ok(at);
}

async function echoFinding({ log }: Effects) {
  const pinger = await openPinger(log);
  pinger.close();
  return pinger.how === 'sockets'
    ? ok('by ping sockets')
    : warn('by the program ping; for ping sockets the group belongs into net.ipv4.ping_group_range');
}

async function packetsFinding({ l3 }: Configuration) {
  if (l3 === undefined) return ok('not configured');
  try {
    await lookAtPacketDevice(l3);
    return ok(`by ${l3.device}`);
  } catch (cause) {
    // Everything else is served without it.
    if (cause instanceof Problem) return warn(`${cause.code}: ${cause.detail}`);
    throw cause;
  }
}

function portFinding(port: number): Promise<Omit<Finding, 'what'>> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: answerWithinMs });
    const finish = (finding: Omit<Finding, 'what'>) => {
      socket.destroy();
      resolve(finding);
    };
    socket.once('connect', () => finish(ok(`something listens on 127.0.0.1:${String(port)}`)));
    socket.once('timeout', () => finish(fail('no answer')));
    socket.once('error', () => finish(warn(`nothing listens on 127.0.0.1:${String(port)} now`)));
  });
}
