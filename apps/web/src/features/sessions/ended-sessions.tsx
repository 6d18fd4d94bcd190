'use client';
import { useQuery } from '@tanstack/react-query';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { problemOf } from '../../api/problem-of.ts';
import { sessionsQuery } from '../../api/queries.ts';
import { durationInWords } from '../../clock/durations.ts';
import type { Session } from '../../api/contract.ts';
import { bytesInWords } from '../../design/bytes.ts';
import { Panel } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { Moment } from '../../design/times.tsx';
import { RecordingMark } from './recording-mark.tsx';
import { endReasonInWords } from '../access/end-reason.ts';

/** Sessions that are over, folded away and read only when unfolded, each with the reason of its end. */
export function EndedSessions({ view }: { view: 'mine' | 'all' }) {
  const [open, setOpen] = useState(false);
  const { data: ended, error } = useQuery({ ...sessionsQuery(view, 'closed'), enabled: open });
  return (
    <details className="group mt-8" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="mb-2 flex w-fit items-center gap-1.5 rounded-sm text-sm font-semibold text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden
          className="size-4 text-ink-3 transition-transform duration-100 group-open:rotate-90"
        />
        Ended
      </summary>
      {error && !ended && <ProblemNotice problem={problemOf(error)} />}
      <Panel>
        {open && !ended && !error && <SkeletonRows rows={2} label="Reading the ended sessions" />}
        {ended?.length === 0 && (
          <p className="px-4 py-6 text-center text-sm text-ink-2">No session has ended yet.</p>
        )}
        {ended && ended.length > 0 && (
          <ul aria-label="Ended sessions" className="divide-y divide-line">
            {ended.map((session) => (
              <EndedSession key={session.id} session={session} />
            ))}
          </ul>
        )}
      </Panel>
    </details>
  );
}

function EndedSession({ session }: { session: Session }) {
  const closedAt = session.closedAt ?? session.lastSeenAt;
  const seconds = (Date.parse(closedAt) - Date.parse(session.openedAt)) / 1_000;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm">
      <span className="w-56 truncate text-ink">
        <span className="font-semibold">{session.resource.name}</span> · {session.person.name}
      </span>
      <RecordingMark session={session} />
      <span className="min-w-0 flex-1 basis-40 text-ink-2">{endReasonInWords(session.endReason)}</span>
      <span className="text-xs text-ink-2">
        {durationInWords(seconds)} · {bytesInWords(session.bytesUp)} up · {bytesInWords(session.bytesDown)}{' '}
        down
      </span>
      <Moment at={closedAt} className="w-24 text-right text-xs text-ink-2" />
    </li>
  );
}
