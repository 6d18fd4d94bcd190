'use client';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, Inbox } from 'lucide-react';
import { useRouter, useSearchParams } from 'next/navigation';
import { useState } from 'react';
import { problemOf } from '../../api/problem-of.ts';
import type { AccessRequest } from '../../api/contract.ts';
import { requestQuery, requestsQuery } from '../../api/queries.ts';
import { Button } from '../../design/button.tsx';
import { cn } from '../../design/cn.ts';
import { EmptyState } from '../../design/empty-state.tsx';
import { PageHead, Panel } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { usePollMs } from '../../shell/live.tsx';
import { useKeys } from '../../shell/use-keys.ts';
import { InboxItem } from './inbox-item.tsx';
import { RequestDetail } from './request-detail.tsx';

/** Requests that wait for this person: a list, and the chosen one to be read top down and answered. */
export function InboxPage() {
  const router = useRouter();
  const asked = useSearchParams().get('request');
  const poll = usePollMs();
  const { data: waiting, error } = useQuery({
    ...requestsQuery('to-review', ['pending']),
    refetchInterval: poll,
  });
  const [kept, setKept] = useState<string | undefined>();
  const [answeredId, setAnsweredId] = useState<string | undefined>();
  // What was answered here makes room for what still waits; what somebody else answered stays until it was seen.
  const open = kept === answeredId ? undefined : kept;
  const chosenId = asked ?? open ?? waiting?.find(({ id }) => id !== answeredId)?.id ?? answeredId;
  const inList = waiting?.find((request) => request.id === chosenId);
  const other = useQuery({
    ...requestQuery(chosenId ?? ''),
    enabled: waiting !== undefined && chosenId !== undefined && !inList,
    refetchInterval: poll,
  });
  const chosen = inList ?? other.data;
  const choose = (id: string) => {
    setKept(id);
    router.replace(`/inbox?request=${encodeURIComponent(id)}`, { scroll: false });
  };
  const answered = (id: string) => {
    setAnsweredId(id);
    setKept(waiting?.find((request) => request.id !== id)?.id ?? id);
    router.replace('/inbox', { scroll: false });
  };
  const move = (by: 1 | -1) => {
    if (!waiting || waiting.length === 0) return;
    const here = waiting.findIndex((request) => request.id === chosenId);
    const next = waiting[Math.min(waiting.length - 1, Math.max(0, here < 0 ? 0 : here + by))];
    if (next) choose(next.id);
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  return (
    <>
      <PageHead title="Inbox" about={inboxAbout(waiting)} />
      {error && !waiting && <ProblemNotice problem={problemOf(error)} />}
      {!waiting && !error && (
        <Panel>
          <SkeletonRows rows={3} label="Reading the inbox" />
        </Panel>
      )}
      {waiting && waiting.length === 0 && !chosenId && <NothingWaits />}
      {waiting && chosenId && (
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[17rem_minmax(0,1fr)]">
          <WaitingList waiting={waiting} chosenId={chosenId} asked={asked} onChoose={choose} />
          <div className={cn(!asked && 'hidden lg:block')}>
            <Button kind="quiet" className="mb-3 -ml-3 lg:hidden" onClick={() => router.replace('/inbox')}>
              <ArrowLeft aria-hidden className="size-4" /> Inbox
            </Button>
            {chosen && (
              <RequestDetail key={chosen.id} request={chosen} onAnswered={() => answered(chosen.id)} />
            )}
            {!chosen && other.error && <ProblemNotice problem={problemOf(other.error)} />}
          </div>
        </div>
      )}
    </>
  );
}

function inboxAbout(waiting: readonly AccessRequest[] | undefined): string {
  if (!waiting) return 'Requests that wait for your answer.';
  if (waiting.length === 0) return 'Nobody waits for you.';
  return waiting.length === 1
    ? 'One person waits for your answer.'
    : `${waiting.length} requests wait for your answer.`;
}

function NothingWaits() {
  return (
    <Panel>
      <EmptyState icon={Inbox} title="Nothing to review" command="tunnel requests --to-review">
        When somebody asks for a resource that you or your groups look after, the request appears here by
        itself, with what exactly would become reachable.
      </EmptyState>
    </Panel>
  );
}

interface WaitingListProps {
  waiting: readonly AccessRequest[];
  chosenId: string;
  asked: string | null;
  onChoose: (id: string) => void;
}

function WaitingList({ waiting, chosenId, asked, onChoose }: WaitingListProps) {
  return (
    <Panel className={cn('lg:sticky lg:top-7', asked && 'hidden lg:block')}>
      {waiting.length === 0 ? (
        <p className="px-4 py-6 text-center text-sm text-ink-2">Nothing else waits.</p>
      ) : (
        <ul aria-label="Waiting requests" className="divide-y divide-line">
          {waiting.map((request) => (
            <InboxItem
              key={request.id}
              request={request}
              chosen={request.id === chosenId}
              onChoose={() => onChoose(request.id)}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}
