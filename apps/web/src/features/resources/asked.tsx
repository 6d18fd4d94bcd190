'use client';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX, Hourglass } from 'lucide-react';
import Link from 'next/link';
import type { AccessRequest, Resource } from '../../api/contract.ts';
import { requestQuery } from '../../api/queries.ts';
import { durationInWords } from '../../clock/durations.ts';
import { toneClasses } from '../../design/chip.tsx';
import { cn } from '../../design/cn.ts';
import { CopyLine } from '../../design/copy-line.tsx';
import { usePollMs } from '../../shell/live.tsx';
import { requestOutcome } from '../access/request-outcome.ts';
import { usageLine } from './session-reach.ts';

const icons = { waiting: Hourglass, granted: CircleCheck, denied: CircleX, ended: CircleX } as const;

/** How a request stands right after it was sent: it changes by itself when somebody answers. */
export function Asked({ request: sent, resource }: { request: AccessRequest; resource: Resource }) {
  const { data: request = sent } = useQuery({
    ...requestQuery(sent.id),
    initialData: sent,
    refetchInterval: usePollMs(),
  });
  const outcome = requestOutcome(request);
  const Icon = icons[outcome.tone];
  const { usualWaitSeconds } = request;
  const over = request.state !== 'pending' && request.state !== 'approved';
  return (
    <div>
      <div role="status" className={cn('flex gap-3 rounded-lg px-4 py-3', toneClasses[outcome.tone])}>
        <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
        <div className="text-sm">
          <p className="font-semibold">{outcome.sentence}</p>
          {outcome.comment && <p className="mt-1 text-ink wrap-anywhere">“{outcome.comment}”</p>}
          {request.state === 'pending' && usualWaitSeconds && (
            <p className="text-ink-2">Usually answered in {durationInWords(usualWaitSeconds)}.</p>
          )}
        </div>
      </div>
      {!over && (
        <>
          <p className="mt-4 text-sm text-ink-2">
            {request.state === 'pending'
              ? 'Type this now if you like: it waits for the answer and then connects.'
              : 'Type this on your machine:'}
          </p>
          <CopyLine line={usageLine(resource)} label="connect line" className="mt-2" />
        </>
      )}
      <Link
        href="/access"
        className="mt-4 inline-block rounded-sm text-sm font-medium text-accent hover:underline"
      >
        See it in My access
      </Link>
    </div>
  );
}
