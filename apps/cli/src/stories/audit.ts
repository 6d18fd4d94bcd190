import { Problem } from '@sallyport/problems';
import { parseDuration } from '../output/duration.ts';
import type { Debug } from '../output/debug.ts';
import type { Column } from '../output/table.ts';
import type { AuditEvent, AuditEventList } from '@sallyport/api-client';
import { LiveChannel } from '../server/live-channel.ts';
import type { Server } from '../server/server.ts';
import { Interrupted, type World } from '../world.ts';

export interface AuditFilter {
  readonly person?: string;
  readonly resource?: string;
  readonly type?: string;
  readonly grant?: string;
  readonly request?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Largest page the control plane gives at once. */
const pageMax = 200;

/** The newest events that fit the filter, newest first; `now` is the time relative filters count from. */
export async function searchAudit(
  server: Server,
  filter: AuditFilter,
  limit: number,
  now: number,
): Promise<AuditEventList> {
  const { person, resource, type, grant, request } = filter;
  const query = {
    person,
    resource,
    type,
    grant,
    request,
    from: timeOf(filter.from, now),
    to: timeOf(filter.to, now),
  };
  const items: AuditEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await server.api.listAuditEvents({
      ...query,
      limit: Math.min(pageMax, limit - items.length),
      cursor,
    });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && items.length < limit);
  return { items, nextCursor: cursor ?? null };
}

/** Tells each new event until interrupted: live hints wake it, a slow poll stands behind them. */
export async function followAudit(
  { world, server, debug }: { world: World; server: Server; debug: Debug },
  filter: AuditFilter,
  after: number,
  tell: (event: AuditEvent) => void,
): Promise<never> {
  const live = new LiveChannel({ server, effects: world.effects, debug });
  const interrupted = new AbortController();
  const stop = world.onSignal(() => interrupted.abort(new Interrupted()));
  let told = after;
  try {
    for (;;) {
      await live.changed(
        (hint) => hint.topic === 'audit' || hint.topic === 'hello',
        10_000,
        interrupted.signal,
      );
      const { items } = await searchAudit(server, filter, pageMax, world.effects.clock.now());
      const fresh = items.filter((event) => event.position > told).sort((a, b) => a.position - b.position);
      for (const event of fresh) tell(event);
      told = fresh.at(-1)?.position ?? told;
    }
  } finally {
    stop();
    live.close();
  }
}

function timeOf(text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const instant = /^\d{4}-\d{2}-\d{2}/u.test(text) ? Date.parse(text) : now - parseDuration(text) * 1000;
  if (Number.isNaN(instant))
    throw new Problem('COMMAND_USAGE', { detail: `"${text.slice(0, 40)}" is not a time.` });
  return new Date(instant).toISOString();
}

export const auditColumns: readonly Column<AuditEvent>[] = [
  { title: 'AT', value: (event) => event.at.replace(/\.\d+Z$/u, 'Z') },
  { title: 'TYPE', value: (event) => event.type },
  { title: 'WHAT', value: (event) => event.sentence, give: true },
  { title: 'GRANT', value: (event) => event.grantId ?? '' },
];
