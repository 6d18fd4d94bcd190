'use client';
import { useQuery } from '@tanstack/react-query';
import { CircleAlert, Clapperboard } from 'lucide-react';
import Link from 'next/link';
import type { Session } from '../../api/contract.ts';
import { meQuery } from '../../api/queries.ts';
import { cn } from '../../design/cn.ts';

const words = {
  stored: 'Recorded',
  awaited: 'Recording on its way',
  missing: 'Recording missing',
  removed: 'Recording removed',
} as const;

/** Whether the recording of a session came; for an auditor the way to it. */
export function RecordingMark({ session }: { session: Session }) {
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  if (!session.recording) return null;
  const { state } = session.recording;
  const missing = state === 'missing';
  const Icon = missing ? CircleAlert : Clapperboard;
  const look = cn('inline-flex items-center gap-1.5 text-xs', missing ? 'text-denied' : 'text-ink-2');
  const inside = (
    <>
      <Icon aria-hidden className="size-3.5" />
      {words[state]}
    </>
  );
  if (state !== 'stored' || !me?.roles.includes('auditor')) return <span className={look}>{inside}</span>;
  return (
    <Link
      href={`/recordings?session=${session.id}`}
      className={cn(
        look,
        'rounded-sm font-medium text-accent underline decoration-accent/40 underline-offset-2',
      )}
    >
      {inside}
    </Link>
  );
}
