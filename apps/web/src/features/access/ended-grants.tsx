'use client';
import { ChevronRight } from 'lucide-react';
import type { Grant } from '../../api/contract.ts';
import { Panel } from '../../design/panel.tsx';
import { Moment } from '../../design/times.tsx';
import { endReasonInWords } from './end-reason.ts';

/** Grants that are over, folded away, each with the reason of its end. */
export function EndedGrants({ grants }: { grants: Grant[] }) {
  return (
    <details className="group mt-8">
      <summary className="mb-2 flex w-fit items-center gap-1.5 rounded-sm text-sm font-semibold text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden
          className="size-4 text-ink-3 transition-transform duration-100 group-open:rotate-90"
        />
        Ended <span className="font-normal text-ink-3">{grants.length}</span>
      </summary>
      <Panel>
        <ul aria-label="Ended" className="divide-y divide-line">
          {grants.map((grant) => (
            <li key={grant.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm">
              <span className="w-40 truncate font-semibold text-ink">{grant.resource.name}</span>
              <span className="min-w-0 flex-1 basis-52 text-ink-2 wrap-anywhere">
                {endReasonInWords(grant.endReason)}
                {grant.endComment && `: “${grant.endComment}”`}
              </span>
              <span className="text-xs text-ink-2">
                {grant.sessions.total} {grant.sessions.total === 1 ? 'session' : 'sessions'}
              </span>
              <Moment at={grant.endedAt ?? grant.endsAt} className="w-24 text-right text-xs text-ink-2" />
            </li>
          ))}
        </ul>
      </Panel>
    </details>
  );
}
