import { lookup } from 'node:dns/promises';
import { Problem } from '@sallyport/problems';
import type { Debug } from '../output/debug.ts';
import type { Paint } from '../output/paint.ts';
import { troubleOf } from '../output/problem-text.ts';
import { clean } from '../output/text.ts';
import { LiveChannel } from '../server/live-channel.ts';
import type { Server } from '../server/server.ts';
import { serverAddress } from '../settings/server-address.ts';
import { readSignIn, tokenFilePath, type SignIn } from '../settings/token-file.ts';
import type { World } from '../world.ts';

/** One check of `tunnel doctor`. */
export interface Finding {
  readonly id: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
  readonly code?: string;
  readonly advice?: string;
  readonly exitCode?: number;
}

/** AWS refuses signatures made with a clock further off than this. */
const skewMaxMs = 5 * 60_000;
const liveWithinMs = 5_000;

type ServerAs = (address: URL, token: string | undefined) => Promise<Server>;

/** Runs every check and never throws: what fails is a finding with its code. */
export async function examine(world: World, serverAs: ServerAs, debug: Debug): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const check = async <T>(id: string, run: () => Promise<[string, T]>): Promise<T | undefined> => {
    try {
      const [detail, value] = await run();
      findings.push({ id, state: 'passed', detail });
      return value;
    } catch (error) {
      const { code, detail, advice, exitCode } = troubleOf(error);
      findings.push({ id, state: 'failed', detail, code, advice, exitCode });
      return undefined;
    }
  };
  const skip = (id: string, detail: string) => findings.push({ id, state: 'skipped', detail });

  const address = await check('server address', async () => {
    const url = serverAddress(world.env);
    return [url.origin, url];
  });
  const signIn = address && (await check('token file', () => examineTokenFile(world, address)));
  const server = address && (await serverAs(address, signIn?.token));
  const reached = server && (await check('server', () => examineServer(server, world)));
  if (!server || !reached) return findings;
  await check('clock', () => examineClock(reached, world));
  if (!signIn) {
    skip('sign-in', 'nobody is signed in: tunnel login');
    return findings;
  }
  const me = await check('sign-in', async () => {
    const found = await server.api.readMe();
    return [`signed in as ${found.email}`, found];
  });
  if (!me) return findings;
  await check('live channel', () => examineLiveChannel(server, world, debug));
  await check('aws endpoint', () => examineEndpoint(server, world));
  return findings;
}

async function examineTokenFile(world: World, address: URL): Promise<[string, SignIn | undefined]> {
  const signIn = await readSignIn(world, address);
  return [signIn ? `${tokenFilePath(world)} is yours alone` : 'there is none yet', signIn];
}

interface Reached {
  readonly serverTime: number | undefined;
}

async function examineServer(server: Server, world: World): Promise<[string, Reached]> {
  const start = world.effects.clock.monotonic();
  const response = await fetch(server.url('/health/live'), {
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    throw new Problem('SERVER_UNREACHABLE', { detail: `${server.address.origin} does not answer.`, cause });
  });
  const elapsed = Math.round(world.effects.clock.monotonic() - start);
  if (!response.ok)
    throw new Problem('SERVER_ANSWER_UNREADABLE', {
      detail: `It answered ${response.status} to its health check.`,
    });
  const date = Date.parse(response.headers.get('date') ?? '');
  return [`answers in ${elapsed} ms`, { serverTime: Number.isNaN(date) ? undefined : date }];
}

async function examineClock({ serverTime }: Reached, world: World): Promise<[string, undefined]> {
  if (serverTime === undefined) return ['the server tells no time', undefined];
  const skew = world.effects.clock.now() - serverTime;
  const seconds = Math.round(Math.abs(skew) / 1000);
  if (Math.abs(skew) > skewMaxMs)
    throw new Problem('LOCAL_CLOCK_WRONG', {
      detail: `This clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} the server's.`,
    });
  return [seconds <= 2 ? 'agrees with the server' : `differs from the server by ${seconds} s`, undefined];
}

async function examineLiveChannel(server: Server, world: World, debug: Debug): Promise<[string, undefined]> {
  const live = new LiveChannel({ server, effects: world.effects, debug });
  try {
    const late = new AbortController();
    const greeted = new Promise<boolean>((resolve) => {
      live.onHint(() => resolve(true));
      world.effects.timers.wait(liveWithinMs, late.signal).then(
        () => resolve(false),
        () => undefined,
      );
    });
    const heard = await greeted;
    late.abort();
    if (!heard)
      throw new Problem('SERVER_UNREACHABLE', {
        detail: 'The live channel (/api/live) did not open; waiting falls back to polling.',
      });
    return ['opens', undefined];
  } finally {
    live.close();
  }
}

async function examineEndpoint(server: Server, world: World): Promise<[string, undefined]> {
  const { items } = await server.api.listResources();
  const region = items.find((resource) => resource.connectable)?.region;
  if (region === undefined) return ['no resource to connect to', undefined];
  const configured = world.env['TUNNEL_AWS_ENDPOINT'];
  const host = configured ? new URL(configured).hostname : `ssmmessages.${region}.amazonaws.com`;
  // On a machine with the sandbox the endpoint comes with the lease; its name then needs no resolving.
  if (!configured && ['localhost', '127.0.0.1'].includes(server.address.hostname))
    return [`the control plane on this machine names it with each lease (${region})`, undefined];
  await lookup(host).catch((cause: unknown) => {
    throw new Problem('SSM_UNREACHABLE', { detail: `${host} does not resolve.`, cause });
  });
  return [`${host} resolves`, undefined];
}

export function findingsText(findings: readonly Finding[], paint: Paint): string {
  const sign = { passed: paint.good('✓'), failed: paint.bad('✗'), skipped: paint.dim('-') };
  return findings
    .flatMap((finding) => [
      `${sign[finding.state]} ${finding.id.padEnd(15)}${clean(finding.detail)}${finding.code ? ` (${finding.code})` : ''}`,
      ...(finding.advice && finding.state === 'failed'
        ? [`  ${' '.repeat(15)}${clean(finding.advice)}`]
        : []),
    ])
    .join('\n');
}
