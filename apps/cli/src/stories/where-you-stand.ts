import { sayClock } from '../output/duration.ts';
import type { Paint } from '../output/paint.ts';
import { clean } from '../output/text.ts';
import type { AccessRequest, Grant, Me } from '@sallyport/api-client';
import type { Server } from '../server/server.ts';
import { serverAddress } from '../settings/server-address.ts';
import type { World } from '../world.ts';
import { activeGrants } from './grants.ts';
import { listRequests } from './requests.ts';
import { liveTunnels, localTunnels, type LiveTunnel } from './running-tunnels.ts';
import { useLineOf } from './usage.ts';

export interface Standing {
  readonly id: string;
  readonly state: 'signed_out' | 'signed_in';
  readonly server: string;
  readonly me: Me | null;
  readonly tunnels: readonly LiveTunnel[];
  readonly grants: readonly Grant[];
  readonly waiting: readonly AccessRequest[];
  readonly toReview: number;
  /** The likeliest next command. */
  readonly next: string;
}

/** Where the person stands, in one look. Works without sign-in too. */
export async function whereYouStand(server: Server | undefined, world: World): Promise<Standing> {
  const address = serverAddress(world.env).origin;
  if (!server) {
    const tunnels = await localTunnels(world);
    return {
      id: address,
      state: 'signed_out',
      server: address,
      me: null,
      tunnels,
      grants: [],
      waiting: [],
      toReview: 0,
      next: 'tunnel login',
    };
  }
  const [me, tunnels, grants, waiting] = await Promise.all([
    server.api.readMe(),
    liveTunnels(server, world),
    activeGrants(server),
    listRequests(server, 'mine', ['pending']),
  ]);
  const { toReview } = me.counts;
  const unused = grants.find((grant) => !tunnels.some((tunnel) => tunnel.grantId === grant.id));
  const wanted = unused?.resource ?? waiting[0]?.items[0]?.resource;
  const next =
    toReview > 0
      ? 'tunnel requests --to-review'
      : wanted
        ? await useLineOf(server, wanted)
        : tunnels.length > 0
          ? 'tunnel ps'
          : 'tunnel ls';
  return { id: address, state: 'signed_in', server: address, me, tunnels, grants, waiting, toReview, next };
}

export function standingText(standing: Standing, now: number, paint: Paint): string {
  const left = (endsAt: string) => `${sayClock((Date.parse(endsAt) - now) / 1000)} left`;
  const lines = [
    standing.me
      ? `${paint.bold(clean(standing.me.email))} at ${standing.server}`
      : `nobody is signed in to ${standing.server}`,
    ...standing.tunnels.map(
      (tunnel) =>
        `  ${paint.good('tunnel')}   ${clean(tunnel.name)}  ${tunnel.url ?? 'on another machine'}  ${left(tunnel.endsAt)}`,
    ),
    ...standing.grants.map(
      (grant) => `  ${paint.good('grant')}    ${clean(grant.resource.name)}  ${left(grant.endsAt)}`,
    ),
    ...standing.waiting.map(
      (request) =>
        `  ${paint.waiting('waiting')}  ${clean(request.items.map((item) => item.resource.name).join(', '))}  ${request.id}`,
    ),
  ];
  if (standing.toReview > 0)
    lines.push(`  ${paint.waiting('inbox')}    ${standing.toReview} wait for your answer`);
  lines.push('', `next: ${standing.next}`);
  return lines.join('\n');
}
