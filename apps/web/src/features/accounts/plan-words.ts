import type { AccountsPlan, AppliedAccountsPlan } from '../../api/contract.ts';

type Change = AccountsPlan['hosts'][number]['changes'][number];

/** What a change does, for a row. */
export const changeWords: Readonly<Record<Change['kind'], string>> = {
  create: 'Create',
  unlock: 'Unlock',
  lock: 'Lock',
  end: 'End processes',
};

const counted: Readonly<Record<Change['kind'], (n: number) => string>> = {
  create: (n) => `create ${n}`,
  unlock: (n) => `unlock ${n}`,
  lock: (n) => `lock ${n}`,
  end: (n) => `end the processes of ${n}`,
};

/** All changes of a plan in a sentence: `create 1, lock 2; 3 processes end`. */
export function planSentence({ hosts }: AccountsPlan): string {
  const changes = hosts.flatMap((host) => host.changes);
  const kinds = (Object.keys(counted) as Change['kind'][]).flatMap((kind) => {
    const n = changes.filter((change) => change.kind === kind).length;
    return n === 0 ? [] : [counted[kind](n)];
  });
  const ended = changes
    .filter(({ kind }) => kind === 'lock' || kind === 'end')
    .reduce((sum, { processes }) => sum + processes, 0);
  const last = ended === 0 ? '' : `; ${ended} ${ended === 1 ? 'process ends' : 'processes end'}`;
  return kinds.length === 0 ? 'nothing to do' : `${kinds.join(', ')}${last}`;
}

/** What came of a plan: `3 steps done on 2 hosts`, and what was not. */
export function appliedSentence({ hosts }: AppliedAccountsPlan): string {
  const done = hosts.reduce((sum, host) => sum + host.done.length, 0);
  const failed = hosts.reduce((sum, host) => sum + host.failed.length, 0);
  const changed = hosts.filter(({ state }) => state === 'changed').length;
  return [
    `${done} ${done === 1 ? 'step' : 'steps'} done on ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(changed === 0
      ? []
      : [`${changed} ${changed === 1 ? 'host' : 'hosts'} had changed and were left alone`]),
  ].join(', ');
}
