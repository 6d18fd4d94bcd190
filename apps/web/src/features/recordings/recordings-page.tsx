'use client';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Clapperboard, X } from 'lucide-react';
import Link from 'next/link';
import { useRouter, useSearchParams } from 'next/navigation';
import type { SessionRecording } from '../../api/contract.ts';
import { problemOf } from '../../api/problem-of.ts';
import { meQuery, recordingsQuery, type RecordingFilters } from '../../api/queries.ts';
import { Button } from '../../design/button.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { middleTruncated } from '../../design/id.tsx';
import { PageHead, Panel } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { usePollMs } from '../../shell/live.tsx';
import { useRowKeys } from '../../shell/use-row-keys.ts';
import { RecordingDetail } from './recording-detail.tsx';
import { RecordingRow } from './recording-row.tsx';

const filterKeys = ['person', 'resource', 'session', 'grant'] as const;
const filterNames = { person: 'Person', resource: 'Resource', session: 'Session', grant: 'Grant' } as const;

/** Recordings of sessions for auditors: the list, or the one that the address names. */
export function RecordingsPage() {
  const query = useSearchParams();
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  const opened = query.get('recording');
  if (!me) return null;
  if (!me.roles.includes('auditor'))
    return (
      <>
        <PageHead title="Recordings" about="What people were shown in recorded sessions." />
        <Panel>
          <EmptyState icon={Clapperboard} title="Recordings are for auditors">
            They are encrypted to the auditors' keys. Whether a session of yours was recorded stands with it,
            under Sessions.
          </EmptyState>
        </Panel>
      </>
    );
  if (opened) return <RecordingDetail key={opened} id={opened} />;
  const filters: RecordingFilters = {};
  for (const key of filterKeys) {
    const value = query.get(key)?.trim();
    if (value) filters[key] = value;
  }
  return <RecordingList filters={filters} />;
}

function RecordingList({ filters }: { filters: RecordingFilters }) {
  const list = useInfiniteQuery({ ...recordingsQuery(filters), refetchInterval: usePollMs() });
  const recordings = list.data?.pages.flatMap((page) => page.items);
  return (
    <>
      <PageHead
        title="Recordings"
        about="What people were shown in recorded sessions. They open with the auditors' private key, in this page alone."
      >
        <Link
          href="/audit?type=recording.missing"
          className="rounded-sm text-sm font-medium text-accent underline decoration-accent/40 underline-offset-2 hover:decoration-accent"
        >
          Sessions whose recording did not come
        </Link>
      </PageHead>
      <Filters filters={filters} />
      {list.error && !recordings && <ProblemNotice problem={problemOf(list.error)} />}
      <Panel>
        {!recordings && !list.error && <SkeletonRows label="Reading the recordings" />}
        {recordings?.length === 0 && <NothingRecorded filtered={Object.keys(filters).length > 0} />}
        {recordings && recordings.length > 0 && <Rows recordings={recordings} />}
      </Panel>
      {list.hasNextPage && (
        <div className="mt-4 flex justify-center">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {list.isFetchingNextPage ? 'Reading…' : 'Load more'}
          </Button>
        </div>
      )}
    </>
  );
}

function Rows({ recordings }: { recordings: readonly SessionRecording[] }) {
  const list = useRowKeys<HTMLUListElement>();
  return (
    <ul ref={list} aria-label="Recordings" className="divide-y divide-line">
      {recordings.map((recording) => (
        <RecordingRow key={recording.id} recording={recording} />
      ))}
    </ul>
  );
}

function Filters({ filters }: { filters: RecordingFilters }) {
  const router = useRouter();
  const set = filterKeys.filter((key) => filters[key] !== undefined);
  if (set.length === 0) return null;
  const without = (key: (typeof filterKeys)[number]) => {
    const rest = new URLSearchParams();
    for (const each of set) if (each !== key) rest.set(each, filters[each] ?? '');
    router.replace(`/recordings${rest.size > 0 ? `?${rest}` : ''}`, { scroll: false });
  };
  return (
    <div role="group" aria-label="Filters" className="mb-4 flex flex-wrap gap-2">
      {set.map((key) => (
        <span
          key={key}
          className="inline-flex h-8 max-w-full items-center rounded-md bg-accent-soft pl-3 text-xs font-medium text-accent"
        >
          <span className="truncate" title={filters[key]}>
            {filterNames[key]}: {middleTruncated(filters[key] ?? '', 24, 4)}
          </span>
          <button
            type="button"
            aria-label={`Remove the filter ${filterNames[key]}`}
            onClick={() => without(key)}
            className="ml-1 grid size-8 shrink-0 place-items-center rounded-md hover:opacity-70"
          >
            <X aria-hidden className="size-3.5" />
          </button>
        </span>
      ))}
    </div>
  );
}

function NothingRecorded({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <EmptyState icon={Clapperboard} title="No recording matches">
      Take a filter away. A recording comes when its session has ended and its client is online.
    </EmptyState>
  ) : (
    <EmptyState icon={Clapperboard} title="Nothing has been recorded yet" command="tunnel recording keygen">
      Shells whose policy or resource demands a recording by the client appear here when they end. They are
      encrypted to the auditors' key of the catalogue; make one with this line.
    </EmptyState>
  );
}
