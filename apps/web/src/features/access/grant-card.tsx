'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CalendarClock, Cable, ClockPlus, CornerUpLeft, Hourglass } from 'lucide-react';
import { useState } from 'react';
import { problemOf } from '../../api/problem-of.ts';
import { returnGrant } from '../../api/commands.ts';
import type { Grant } from '../../api/contract.ts';
import { absoluteTime } from '../../clock/durations.ts';
import { Button } from '../../design/button.tsx';
import { Chip } from '../../design/chip.tsx';
import { CopyLine } from '../../design/copy-line.tsx';
import { CountdownRing } from '../../design/countdown-ring.tsx';
import { useNotice } from '../../design/notices.tsx';
import { ClockTime } from '../../design/times.tsx';
import { ExtendDialog } from './extend-dialog.tsx';
import { FlowsButton } from '../flows/flow-destinations.tsx';
import { KindIcon } from '../resources/kind-icon.tsx';

/** A grant that is open or will be: time left, the line to type, and the ways to extend it and to give it back. */
export function GrantCard({ grant }: { grant: Grant }) {
  const scheduled = grant.state === 'scheduled';
  return (
    <li className="rounded-lg border border-line bg-panel p-4 shadow-panel">
      <div className="flex items-start gap-4">
        {scheduled ? (
          <KindIcon kind={grant.resource.kind} />
        ) : (
          <CountdownRing startsAt={grant.startsAt} endsAt={grant.endsAt} />
        )}
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <h2 className="max-w-full truncate text-lg font-semibold text-ink">{grant.resource.name}</h2>
            {scheduled && (
              <Chip tone="waiting" icon={CalendarClock}>
                from {absoluteTime(grant.startsAt)}
              </Chip>
            )}
            {grant.sessions.live > 0 && (
              <Chip tone="granted" icon={Cable}>
                {grant.sessions.live} live
              </Chip>
            )}
            {grant.extension?.requestId && (
              <Chip tone="waiting" icon={Hourglass}>
                more time asked
              </Chip>
            )}
          </div>
          <p className="text-xs text-ink-2">
            {grant.automatic
              ? 'Granted by the policy'
              : `Approved by ${grant.approvedBy?.name ?? 'a reviewer'}`}
            {' · until '}
            <ClockTime at={grant.endsAt} />
            {extendedNote(grant.extensions ?? 0)}
          </p>
          {grant.reason && <p className="mt-1 truncate text-sm text-ink-2">“{grant.reason}”</p>}
        </div>
      </div>
      <div className="mt-4 flex flex-col gap-2">
        <CopyLine
          line={grant.connectLine}
          label={`connect line of ${grant.resource.name}`}
          className="min-w-0"
        />
        <div className="flex flex-wrap gap-2 *:flex-1 sm:justify-end sm:*:flex-none">
          <FlowsButton grant={grant} size="normal" />
          {grant.extension && <ExtendButton grant={grant} room={grant.extension} />}
          <ReturnButton grant={grant} />
        </div>
      </div>
    </li>
  );
}

function extendedNote(times: number): string {
  if (times === 0) return '';
  return times === 1 ? ' · extended once' : ` · extended ${times} times`;
}

/** Shorter than this is not worth asking for. */
const shortestSeconds = 60;

function ExtendButton({ grant, room }: { grant: Grant; room: NonNullable<Grant['extension']> }) {
  const [open, setOpen] = useState(false);
  const blocked =
    room.requestId !== null
      ? 'You have asked for more time; the answer is awaited.'
      : room.secondsMax < shortestSeconds
        ? 'The policy lets this grant last no longer.'
        : undefined;
  return (
    <>
      <Button data-row className="h-9" blockedBecause={blocked} onClick={() => setOpen(true)}>
        <ClockPlus aria-hidden className="size-4" />
        Extend<span className="sr-only"> {grant.resource.name}</span>
      </Button>
      <ExtendDialog grant={grant} open={open} onClose={() => setOpen(false)} />
    </>
  );
}

/** Gives the grant back. When something is connected, a second press confirms that it ends. */
function ReturnButton({ grant }: { grant: Grant }) {
  const client = useQueryClient();
  const notice = useNotice();
  const [armed, setArmed] = useState(false);
  const returning = useMutation({
    mutationFn: () => returnGrant(grant.id),
    onSuccess: () =>
      notice(`${grant.resource.name} is returned`, 'The door is shut. Ask again whenever you need it.'),
    onError: (error) => {
      const problem = problemOf(error);
      notice(problem.title, `${problem.detail} (${problem.code})`, true);
    },
    onSettled: () => {
      for (const noun of ['grants', 'resources', 'sessions', 'me'])
        void client.invalidateQueries({ queryKey: [noun] });
    },
  });
  const { live } = grant.sessions;
  const confirm = live > 0 && !armed;
  return (
    <Button
      data-row
      className="h-9"
      kind={armed ? 'destructive' : 'plain'}
      busy={returning.isPending}
      onBlur={() => setArmed(false)}
      onClick={() => (confirm ? setArmed(true) : returning.mutate())}
    >
      <CornerUpLeft aria-hidden className="size-4" />
      {armed ? `Ends ${live} live ${live === 1 ? 'session' : 'sessions'}` : 'Return now'}
      <span className="sr-only">: {grant.resource.name}</span>
    </Button>
  );
}
