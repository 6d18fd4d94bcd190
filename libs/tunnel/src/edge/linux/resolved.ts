import { addressText } from '../networks.ts';
import type { EdgePlan } from '../plan.ts';

/**
 * Calls of `resolvectl` that give one link its name server and the names it is asked for, and nothing else: `~` routes without becoming a
 * search domain, `default-route no` keeps every other question away. systemd-resolved asks polkit for each call, hence root makes them.
 * The settings die with the link; `revert` is for a link that lives on.
 */
export function resolvedCalls({ slot, responder4, responder6, names, suffixes }: EdgePlan): string[][] {
  const servers = [responder4, responder6].filter((one) => one !== null).map(addressText);
  const domains = [...new Set([...suffixes, ...names.map(({ name }) => name)])].map((name) => `~${name}`);
  if (servers.length === 0 || domains.length === 0) return [['revert', slot.device]];
  return [
    ['dns', slot.device, ...servers],
    ['domain', slot.device, ...domains],
    ['default-route', slot.device, 'no'],
    ['flush-caches'],
  ];
}
