'use client';
import { useQuery } from '@tanstack/react-query';
import { DoorClosed } from 'lucide-react';
import { problemOf } from '../../api/problem-of.ts';
import type { AccessRequest, Grant } from '../../api/contract.ts';
import { grantsQuery, requestsQuery } from '../../api/queries.ts';
import { EmptyState } from '../../design/empty-state.tsx';
import { PageHead, Panel, SectionHead } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { usePollMs } from '../../shell/live.tsx';
import { useRowKeys } from '../../shell/use-row-keys.ts';
import { EndedGrants } from './ended-grants.tsx';
import { GrantCard } from './grant-card.tsx';
import { RequestRow } from './request-row.tsx';

const waitingFirst = (a: AccessRequest, b: AccessRequest) =>
  Number(b.state === 'pending') - Number(a.state === 'pending') || b.createdAt.localeCompare(a.createdAt);

const endingFirst = (a: Grant, b: Grant) => a.endsAt.localeCompare(b.endsAt);

const shownRequestsMax = 20;

/** What the person has now and how long still, what they asked for, and what is over. */
export function AccessPage() {
  const poll = usePollMs();
  const grants = useQuery({ ...grantsQuery('mine'), refetchInterval: poll });
  const requests = useQuery({ ...requestsQuery('mine'), refetchInterval: poll });
  const page = useRowKeys<HTMLDivElement>();
  const current = grants.data?.filter((grant) => grant.state !== 'ended').toSorted(endingFirst) ?? [];
  const ended = grants.data?.filter((grant) => grant.state === 'ended') ?? [];
  const asked = requests.data?.toSorted(waitingFirst).slice(0, shownRequestsMax) ?? [];
  const error = grants.error ?? requests.error;
  return (
    <div ref={page}>
      <PageHead
        title="My access"
        about="What is open to you, and for how long still. Time counts from the approval."
      />
      {error && !grants.data && <ProblemNotice problem={problemOf(error)} />}
      {!grants.data && !grants.error && (
        <Panel>
          <SkeletonRows rows={2} label="Reading your access" />
        </Panel>
      )}
      {grants.data && <Current grants={current} />}
      {asked.length > 0 && (
        <>
          <SectionHead title="My requests" count={asked.length} />
          <Panel>
            <ul aria-label="My requests" className="divide-y divide-line">
              {asked.map((request) => (
                <RequestRow key={request.id} request={request} />
              ))}
            </ul>
          </Panel>
        </>
      )}
      {ended.length > 0 && <EndedGrants grants={ended} />}
    </div>
  );
}

function Current({ grants }: { grants: Grant[] }) {
  if (grants.length === 0) {
    return (
      <Panel>
        <EmptyState icon={DoorClosed} title="Every door is shut" command="tunnel ls">
          You have access to nothing right now. Ask for a resource in the list of resources, or by name on the
          command line.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <ul
      aria-label="Open to me"
      className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-[repeat(2,minmax(0,1fr))]"
    >
      {grants.map((grant) => (
        <GrantCard key={grant.id} grant={grant} />
      ))}
    </ul>
  );
}
