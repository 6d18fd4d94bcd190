import { KeyRound, Lock, LockOpen, OctagonX, TriangleAlert, UserPlus, type LucideIcon } from 'lucide-react';
import type { AccountsPlan } from '../../api/contract.ts';
import { Chip, type Tone } from '../../design/chip.tsx';
import { changeWords } from './plan-words.ts';

type Host = AccountsPlan['hosts'][number];
type Change = Host['changes'][number];

const looks: Readonly<Record<Change['kind'], { icon: LucideIcon; tone: Tone }>> = {
  create: { icon: UserPlus, tone: 'granted' },
  unlock: { icon: LockOpen, tone: 'granted' },
  lock: { icon: Lock, tone: 'denied' },
  end: { icon: OctagonX, tone: 'denied' },
};

/** What would be done on one host, who gets no account and why, and keys that nobody answers for. */
export function HostPlan({ host }: { host: Host }) {
  const { instanceId, instanceName, changes, later, refused, ownerlessKeys } = host;
  const name = instanceName ?? instanceId;
  return (
    <div className="border-b border-line px-4 py-3">
      <h3 className="text-sm font-medium text-ink">
        {name} <span className="font-mono text-2xs font-normal text-ink-2">{instanceId}</span>
      </h3>
      {changes.length === 0 && refused.length === 0 && (
        <p className="text-sm text-ink-2">Every account is as it should be.</p>
      )}
      <ul aria-label={`Changes on ${name}`} className="mt-1 space-y-1">
        {changes.map((change) => (
          <ChangeRow key={`${change.kind} ${change.account}`} change={change} />
        ))}
      </ul>
      {later > 0 && <p className="mt-1 text-xs text-ink-2">{later} more with the next plan.</p>}
      {refused.map(({ account, people, reason }) => (
        <p key={`${account} ${reason}`} className="mt-1 flex items-start gap-2 text-sm text-ink">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-waiting" />
          <span className="min-w-0 wrap-anywhere">
            Left alone: {account && <span className="font-mono text-xs">{account}</span>}{' '}
            {people.map(({ email }) => email).join(', ')} ({reason})
          </span>
        </p>
      ))}
      {ownerlessKeys.length > 0 && (
        <div className="mt-2">
          <h4 className="text-xs font-semibold text-ink">Keys that nobody answers for</h4>
          <ul aria-label={`Keys that nobody answers for on ${name}`}>
            {ownerlessKeys.map(({ path, account, keys, why }) => (
              <li key={path} className="flex items-start gap-2 text-xs text-ink-2">
                <KeyRound aria-hidden className="mt-0.5 size-3.5 shrink-0" />
                <span className="min-w-0 wrap-anywhere">
                  <span className="font-mono text-ink">{path}</span>: {keys} {keys === 1 ? 'key' : 'keys'}
                  {account && ` of ${account}`} ({why}); never removed from here
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function ChangeRow({ change: { kind, account, person, uid, processes } }: { change: Change }) {
  const { icon, tone } = looks[kind];
  const ends = (kind === 'lock' || kind === 'end') && processes > 0;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
      <Chip tone={tone} icon={icon}>
        {changeWords[kind]}
      </Chip>
      <span className="font-mono text-xs text-ink">{account}</span>
      <span className="min-w-0 truncate text-ink-2">
        {person ? `${person.name} (${person.email})` : 'a person who is no longer known'}
      </span>
      {uid !== null && <span className="text-xs text-ink-2">uid {uid}</span>}
      {ends && (
        <span className="text-xs text-denied">
          {processes} {processes === 1 ? 'process ends' : 'processes end'}
        </span>
      )}
    </li>
  );
}
