import type { FactsItem } from '../../api/contract.ts';
import { byNetwork } from '../resources/network-reach.ts';
import { addressOf, protocolName } from '../resources/reach.ts';
import { sessionReach } from '../resources/session-reach.ts';

type Reached = Pick<FactsItem, 'reach' | 'network' | 'ssh' | 'shell'>;

/** What becomes reachable: `PostgreSQL database shop, role app_ro`. The address stands beside it. */
export function reachSentence(item: Reached): string {
  if (item.ssh) return 'The host itself, over SSH';
  if (item.shell) return 'The host itself, through Session Manager';
  if (item.network) return item.network.everything ? 'Everything that this gateway reaches' : 'Whole network';
  const { protocol, database, databaseRole } = item.reach;
  const what = database ? `${protocolName(protocol)} database ${database}` : protocolName(protocol);
  return databaseRole ? `${what}, role ${databaseRole}` : what;
}

/** The address that becomes reachable. */
export function reachAddress(item: Reached): string {
  const session = sessionReach(item);
  if (session !== undefined) return session;
  if (item.network)
    return byNetwork(item.network)
      .map(({ cidr }) => cidr)
      .join(', ');
  return addressOf(item.reach.host, item.reach.port);
}

/** `asked 3 times in 30 days, used 2`. */
export function historySentence({ asked30d, used30d }: { asked30d: number; used30d: number }): string {
  if (asked30d === 0) return 'First time in 30 days';
  const times = asked30d === 1 ? 'once' : `${asked30d} times`;
  // Never a number alone on the last line, where the foot that stays in view leaves nothing else to be seen of it.
  return `Asked ${times} in 30 days, used\u00A0${used30d}`;
}

/** Tag selector as people write it: `ServerType=bastion, AccessGranted=true`. */
export function selectorText(selector: Record<string, string>): string {
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
