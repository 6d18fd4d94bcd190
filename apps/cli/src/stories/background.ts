import type { Grant, Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { openInBackground } from '../daemon/background-process.ts';
import { settingsOf, type BackgroundTunnel } from '../daemon/wish.ts';
import { sayClock } from '../output/duration.ts';
import { networkAddresses, networkLines } from '../output/network-lines.ts';
import type { Via } from '../network/facts.ts';
import { Interrupted } from '../world.ts';
import type { WishFlags } from './ask-for.ts';
import type { Waiting } from './await-decision.ts';
import { grantFor } from './grant-for.ts';
import { readResource } from './resources.ts';
import { openable } from './usage.ts';

/** One tunnel to open in the background. */
export interface BackgroundItem {
  readonly name: string;
  readonly port: number | null;
  readonly bind: string | null;
  readonly socketPath: string | null;
  /** Device, packet filter or port; null: what suits it. */
  readonly via: Via | null;
  readonly source: string | null;
}

/**
 * `tunnel connect --background`: asks and waits for the grants here, where the person is, then has the tunnels opened by the background process. Resolves
 * with 0 when all of them carry connections.
 */
export async function backgroundStory(
  asking: Waiting,
  items: readonly BackgroundItem[],
  wish: WishFlags,
  wait: boolean,
): Promise<number> {
  const resources: Resource[] = [];
  for (const { name } of items) resources.push(openable(await readResource(asking.server, name)));
  const grants = await grantFor(asking, resources, wish, wait);
  // The first that cannot be opened ends it; those before it stay open.
  for (const item of items)
    tellOpened(asking, await openOneInBackground(asking, item, grants.get(item.name)));
  return 0;
}

/** Has one tunnel opened in the background; what happens meanwhile is said here. Ctrl-C gives it up. */
export async function openOneInBackground(
  { world, printer }: Waiting,
  item: BackgroundItem,
  grant: Grant | undefined,
): Promise<BackgroundTunnel> {
  if (!grant) throw new Problem('GRANT_NOT_HELD', { detail: `${item.name} was not granted.` });
  const leaving = new AbortController();
  const stop = world.onSignal(() => leaving.abort(new Interrupted()));
  const said = (text: string) => void (printer.json || printer.say(text.trimEnd()));
  try {
    const wish = { ...item, grantId: grant.id, settings: settingsOf(world.env) };
    return await openInBackground(world, wish, said, leaving.signal);
  } finally {
    stop();
  }
}

/** The address of a tunnel that is open in the background, and how long it lasts. */
export function tellOpened({ world, printer }: Waiting, tunnel: BackgroundTunnel): void {
  if (printer.json) return printer.object({ event: 'open', ...tunnel, background: true });
  const left = sayClock((Date.parse(tunnel.endsAt) - world.effects.clock.now()) / 1000);
  const { network, name } = tunnel;
  if (network === null) printer.data(tunnel.url);
  else {
    const port = tunnel.port === 0 ? null : tunnel.port;
    for (const address of networkAddresses({ port }, network, tunnel.url)) printer.data(address);
    for (const line of networkLines(name, network)) printer.say(line);
  }
  printer.say(`${left} left, in the background   (tunnel stop ${tunnel.name} ends it)`);
}
