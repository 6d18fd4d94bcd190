'use client';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';
import { useRouter, useSearchParams } from 'next/navigation';
import { useState } from 'react';
import { problemOf } from '../../api/problem-of.ts';
import type { AuditEvent } from '../../api/contract.ts';
import { auditQuery, meQuery, type AuditFilters } from '../../api/queries.ts';
import { Button } from '../../design/button.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { PageHead, Panel } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { usePollMs } from '../../shell/live.tsx';
import { useRowKeys } from '../../shell/use-row-keys.ts';
import { byDay } from './by-day.ts';
import { EventDrawer } from './event-drawer.tsx';
import { EventRow } from './event-row.tsx';
import { FilterBar } from './filter-bar.tsx';
import { filtersForApi, filtersFromUrl, urlFromFilters } from './filters.ts';

/** Who did what and when, in human words; the filters live in the URL. */
export function AuditPage() {
  const router = useRouter();
  const filters = filtersFromUrl(useSearchParams());
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  const audit = useInfiniteQuery({ ...auditQuery(filtersForApi(filters)), refetchInterval: usePollMs() });
  const [opened, setOpened] = useState<AuditEvent | undefined>();
  const events = audit.data?.pages.flatMap((page) => page.items);
  const setFilters = (next: AuditFilters) => {
    setOpened(undefined);
    router.replace(`/audit${urlFromFilters(next)}`, { scroll: false });
  };
  const all = me?.roles.some((role) => role === 'auditor' || role === 'admin');
  return (
    <>
      <PageHead
        title="Audit"
        about={
          all
            ? 'Everything that happened, newest first. Nothing here can be changed.'
            : 'What you did, and what was decided about it.'
        }
      />
      <FilterBar filters={filters} onChange={setFilters} />
      {audit.error && !events && <ProblemNotice problem={problemOf(audit.error)} />}
      <Panel>
        {!events && !audit.error && <SkeletonRows label="Reading the audit" />}
        {events?.length === 0 && <NothingFound filtered={Object.keys(filters).length > 0} />}
        {events && events.length > 0 && <Days events={events} onOpen={setOpened} />}
      </Panel>
      {audit.hasNextPage && (
        <div className="mt-4 flex justify-center">
          <Button busy={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
            {audit.isFetchingNextPage ? 'Reading…' : 'Load more'}
          </Button>
        </div>
      )}
      <EventDrawer event={opened} onClose={() => setOpened(undefined)} onFilter={setFilters} />
    </>
  );
}

function Days({ events, onOpen }: { events: readonly AuditEvent[]; onOpen: (event: AuditEvent) => void }) {
  const list = useRowKeys<HTMLDivElement>();
  return (
    <div ref={list}>
      {byDay(events).map(({ day, events: ofDay }) => (
        <section key={day} aria-label={day}>
          <h2 className="border-b border-line bg-sunken px-4 py-1.5 text-xs font-medium text-ink-2 not-first:border-t">
            {day} <span className="text-ink-3">UTC</span>
          </h2>
          <ul className="divide-y divide-line border-b border-line last:border-b-0">
            {ofDay.map((event) => (
              <EventRow key={event.id} event={event} onOpen={() => onOpen(event)} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function NothingFound({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <EmptyState icon={ScrollText} title="Nothing matches these filters" command="tunnel audit search --help">
      Take a filter away, or widen the time. The address of this page holds the filters: it can be shared as
      it is.
    </EmptyState>
  ) : (
    <EmptyState icon={ScrollText} title="Nothing has happened yet" command="tunnel request NAME --for 1h">
      Each request, answer, grant, lease and session will stand here, one line each.
    </EmptyState>
  );
}
