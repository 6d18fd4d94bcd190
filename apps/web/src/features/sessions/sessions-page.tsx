'use client';
import { useQuery } from '@tanstack/react-query';
import { Waypoints } from 'lucide-react';
import { useState } from 'react';
import { problemOf } from '../../api/problem-of.ts';
import type { Me } from '../../api/contract.ts';
import { grantsQuery, meQuery, sessionsQuery } from '../../api/queries.ts';
import { EmptyState } from '../../design/empty-state.tsx';
import { PageHead, Panel } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { usePollMs } from '../../shell/live.tsx';
import { useRowKeys } from '../../shell/use-row-keys.ts';
import { CutDialog } from './cut-dialog.tsx';
import type { Cut } from './cut.ts';
import { EndedSessions } from './ended-sessions.tsx';
import { LiveSessions } from './live-sessions.tsx';
import { OpenGrants } from './open-grants.tsx';

/** Heartbeats bring new figures every ten seconds; reading as often keeps the table true without hints. */
const figuresMs = 10_000;

const seesAll = (me: Me | undefined) =>
  me?.roles.some((role) => role === 'admin' || role === 'auditor') ?? false;

/** What is connected right now; administrators cut sessions and end grants here. */
export function SessionsPage() {
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  const all = seesAll(me);
  const admin = me?.roles.includes('admin') ?? false;
  const view = all ? 'all' : 'mine';
  const poll = Math.min(usePollMs(), figuresMs);
  const live = useQuery({ ...sessionsQuery(view, 'live'), enabled: me !== undefined, refetchInterval: poll });
  const grants = useQuery({
    ...grantsQuery('all', ['active', 'scheduled']),
    enabled: all,
    refetchInterval: poll,
  });
  const [cut, setCut] = useState<Cut | undefined>();
  const page = useRowKeys<HTMLDivElement>();
  return (
    <div ref={page}>
      <PageHead
        title="Sessions"
        about={all ? 'Who is connected to what, right now.' : 'What you are connected to, right now.'}
      />
      {live.error && !live.data && <ProblemNotice problem={problemOf(live.error)} />}
      <Panel>
        {!live.data && !live.error && <SkeletonRows rows={3} label="Reading the sessions" />}
        {live.data?.length === 0 && (
          <EmptyState
            icon={Waypoints}
            title="Nobody is connected"
            command={all ? 'tunnel ps' : 'tunnel connect NAME'}
          >
            A session appears here the moment somebody connects, with what it moves, and goes when it ends.
          </EmptyState>
        )}
        {live.data && live.data.length > 0 && (
          <LiveSessions sessions={live.data} grants={grants.data} onCut={admin ? setCut : undefined} />
        )}
      </Panel>
      {all && grants.data && grants.data.length > 0 && (
        <OpenGrants grants={grants.data} onCut={admin ? setCut : undefined} />
      )}
      {me && <EndedSessions view={view} />}
      <CutDialog cut={cut} onClose={() => setCut(undefined)} />
    </div>
  );
}
