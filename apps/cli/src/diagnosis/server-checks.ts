import { Problem } from '@sallyport/problems';
import type { Debug } from '../output/debug.ts';
import { LiveChannel } from '../server/live-channel.ts';
import type { Server } from '../server/server.ts';
import { readSignIn, tokenFilePath, type SignIn } from '../settings/token-file.ts';
import type { World } from '../world.ts';
import { probe, type ProbeAnswer } from './probe.ts';

/** AWS refuses signatures made with a clock further off than this. */
const skewMaxMs = 5 * 60_000;
/** From here on the difference is told as a reason to look at it. */
const skewNotedMs = 60_000;
const liveWithinMs = 5_000;

export async function tokenFile(world: World, address: URL): Promise<[string, SignIn | undefined]> {
  const signIn = await readSignIn(world, address);
  return [signIn ? `${tokenFilePath(world)} is yours alone` : 'there is none yet', signIn];
}

/** Whether it is a control plane that answers, and not something in between. */
export async function serverAnswer(server: Server, world: World): Promise<[string, ProbeAnswer]> {
  const start = world.effects.clock.monotonic();
  const answer = await probe(server.url('/health/live'));
  const elapsed = Math.round(world.effects.clock.monotonic() - start);
  if (answer.status >= 500)
    throw new Problem('SERVER_ANSWER_UNREADABLE', {
      detail: `It answered ${answer.status} to its health check.`,
    });
  if (answer.status !== 200 || !answer.contentType.includes('json'))
    throw new Problem('NETWORK_HTTPS_BLOCKED', {
      detail: `${server.address.host} answers ${answer.status} (${answer.contentType || 'no type'}), which is not a control plane.`,
    });
  return [`answers in ${elapsed} ms${answer.proxy ? `, by way of the proxy ${answer.proxy}` : ''}`, answer];
}

/** This machine's clock against another one. */
export function clockAgainst(world: World, { serverTime }: ProbeAnswer): [string, undefined] {
  if (serverTime === undefined) return ['the server tells no time', undefined];
  const skew = world.effects.clock.now() - serverTime;
  const seconds = Math.round(Math.abs(skew) / 1000);
  const how = `${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} the server's`;
  if (Math.abs(skew) > skewMaxMs) throw new Problem('LOCAL_CLOCK_WRONG', { detail: `This clock is ${how}.` });
  const noted = Math.abs(skew) > skewNotedMs ? `${how}; AWS takes up to 5 min` : `differs by ${seconds} s`;
  return [seconds <= 2 ? 'agrees with the server' : noted, undefined];
}

/** Whether WebSockets come through, where HTTPS did already. */
export async function liveChannel(server: Server, world: World, debug: Debug): Promise<[string, undefined]> {
  const live = new LiveChannel({ server, effects: world.effects, debug });
  const late = new AbortController();
  try {
    const greeted = await new Promise<boolean>((resolve) => {
      live.onHint(() => resolve(true));
      world.effects.timers.wait(liveWithinMs, late.signal).then(
        () => resolve(false),
        () => undefined,
      );
    });
    if (greeted) return ['opens', undefined];
    throw new Problem('NETWORK_WEBSOCKET_BLOCKED', {
      detail: `${server.address.host} answers HTTP, and its WebSocket (/api/live) did not open.`,
    });
  } finally {
    late.abort();
    live.close();
  }
}
