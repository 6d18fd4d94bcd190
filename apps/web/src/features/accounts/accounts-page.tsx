'use client';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { UsersRound } from 'lucide-react';
import Link from 'next/link';
import { problemOf } from '../../api/problem-of.ts';
import { accountsGatewaysQuery, auditQuery, givenUpQuery, meQuery } from '../../api/queries.ts';
import { EmptyState } from '../../design/empty-state.tsx';
import { PageHead, Panel, SectionHead } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { Moment } from '../../design/times.tsx';
import { usePollMs } from '../../shell/live.tsx';
import { GatewayAccounts } from './gateway-accounts.tsx';

const about =
  'Who is in a group has an account on the hosts of its gateway; who leaves loses it, and what it runs.';

/** Accounts of people on hosts, for administrators: what would be done, doing it, and what was done before. */
export function AccountsPage() {
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  if (!me) return null;
  if (!me.roles.includes('admin'))
    return (
      <>
        <PageHead title="Accounts on hosts" about={about} />
        <Panel>
          <EmptyState icon={UsersRound} title="Accounts on hosts are for administrators">
            Which account is yours on a host stands with the resource, under Resources.
          </EmptyState>
        </Panel>
      </>
    );
  return (
    <>
      <PageHead title="Accounts on hosts" about={about} />
      <GivenUp />
      <Gateways />
      <History />
    </>
  );
}

function Gateways() {
  const { data: gateways, error } = useQuery(accountsGatewaysQuery);
  if (error && !gateways) return <ProblemNotice problem={problemOf(error)} />;
  if (!gateways)
    return (
      <Panel>
        <SkeletonRows label="Reading the gateways" />
      </Panel>
    );
  if (gateways.length === 0)
    return (
      <Panel>
        <EmptyState icon={UsersRound} title="No gateway has accounts of people">
          Give one `accounts: {'{'} group {'}'}` in the catalogue, and deploy the role of the provisioner.
        </EmptyState>
      </Panel>
    );
  return (
    <div className="space-y-4">
      {gateways.map((gateway) => (
        <GatewayAccounts key={gateway.gateway} gateway={gateway} />
      ))}
    </div>
  );
}

/** Work that was tried as often as it may be: nobody does it, unless somebody looks. */
function GivenUp() {
  const { data: work } = useQuery({ ...givenUpQuery, refetchInterval: usePollMs() });
  if (!work || work.length === 0) return null;
  return (
    <section
      aria-label="Work that was given up"
      className="mb-4 rounded-lg border border-waiting-mark/40 bg-waiting-soft px-4 py-3 text-sm text-ink"
    >
      <h2 className="font-semibold">Work was given up</h2>
      <p className="text-ink-2">It was tried for about an hour, and nobody does it any more.</p>
      <ul className="mt-1 space-y-0.5">
        {work.map(({ topic, entries, lastAt, lastError }) => (
          <li key={topic}>
            <span className="font-mono text-xs">{topic}</span>: {entries}, the last <Moment at={lastAt} /> (
            <span className="font-mono text-xs">{lastError}</span>)
          </li>
        ))}
      </ul>
    </section>
  );
}

function History() {
  const list = useInfiniteQuery(auditQuery({ type: 'os_users.applied' }));
  const events = list.data?.pages[0]?.items.slice(0, 10) ?? [];
  if (events.length === 0) return null;
  return (
    <section aria-label="What was done">
      <SectionHead title="What was done" />
      <Panel>
        <ul className="divide-y divide-line">
          {events.map((event) => (
            <li key={event.id} className="flex flex-wrap items-baseline gap-x-4 px-4 py-2 text-sm text-ink">
              <span className="min-w-0 flex-1 basis-60 wrap-anywhere">{event.sentence}</span>
              <Moment at={event.at} className="text-xs text-ink-2" />
            </li>
          ))}
        </ul>
      </Panel>
      <Link
        href="/audit?type=os_users.applied"
        className="mt-2 inline-block rounded-sm text-sm font-medium text-accent underline decoration-accent/40 underline-offset-2 hover:decoration-accent"
      >
        All of it in the audit log
      </Link>
    </section>
  );
}
