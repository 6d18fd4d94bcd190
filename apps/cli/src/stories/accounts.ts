import type { components } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';

type Plan = components['schemas']['AccountsPlan'];
type PlannedHost = components['schemas']['PlannedHost'];
type Applied = components['schemas']['AppliedAccountsPlan'];

const verbs = {
  create: 'make',
  unlock: 'open again',
  lock: 'lock, and end what it runs',
  end: 'end what it runs',
} as const;

/** A plan for people: what would be done on each host, whom it leaves out, and the keys that nobody answers for. */
export function planText(plan: Plan): string {
  const hosts = plan.hosts.flatMap(hostLines);
  const unreached = plan.unreached.map(
    ({ instanceId, instanceName, code }) => `${instanceName ?? instanceId}  could not be asked (${code})`,
  );
  const last =
    plan.changes === 0
      ? `Nothing is to be done for the group ${plan.group}.`
      : `To do this: tunnel users apply ${plan.gateway} --plan ${plan.digest}`;
  return [...hosts, ...unreached, last].join('\n');
}

function hostLines({
  instanceId,
  instanceName,
  changes,
  later,
  refused,
  ownerlessKeys,
}: PlannedHost): string[] {
  return [
    instanceName === null ? instanceId : `${instanceName} (${instanceId})`,
    ...changes.map(({ kind, account, person, uid }) => {
      const number = uid === null ? '' : `, uid ${uid}`;
      return `  ${verbs[kind]}: ${account} for ${person?.email ?? 'somebody unknown'}${number}`;
    }),
    ...(later > 0 ? [`  and ${later} more with the next plan`] : []),
    ...refused.map(({ account, people, reason }) => {
      const who = people.map(({ email }) => email).join(' and ');
      return `  not: ${account ?? 'no account'} for ${who || 'somebody unknown'}: ${reason}`;
    }),
    ...ownerlessKeys.map(
      ({ path, keys, why }) => `  keys without an owner: ${path} (${keys}): ${why}; left as it is`,
    ),
  ];
}

/** What was done, host by host. */
export function appliedText({ hosts }: Applied): string {
  return hosts
    .map(({ instanceId, instanceName, state, done, failed }) => {
      const not = failed.length === 0 ? '' : `, ${failed.length} not`;
      return `${instanceName ?? instanceId}  ${state}: ${done.length} done${not}`;
    })
    .join('\n');
}

/** Refuses with OS_USERS_STEP_FAILED when a host did not do everything. */
export function demandApplied({ hosts }: Applied): void {
  const short = hosts.filter(({ state }) => state !== 'applied');
  if (short.length > 0)
    throw new Problem('OS_USERS_STEP_FAILED', {
      detail: `Not everything was done on ${short.map(({ instanceName, instanceId }) => instanceName ?? instanceId).join(', ')}.`,
    });
}
