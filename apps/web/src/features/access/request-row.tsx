'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, CircleSlash, CircleX, Hourglass } from 'lucide-react';
import { problemOf } from '../../api/problem-of.ts';
import { cancelRequest } from '../../api/commands.ts';
import type { AccessRequest } from '../../api/contract.ts';
import { Button } from '../../design/button.tsx';
import { Chip } from '../../design/chip.tsx';
import { useNotice } from '../../design/notices.tsx';
import { Moment } from '../../design/times.tsx';
import { requestOutcome, wishedTime } from './request-outcome.ts';

const icons = { waiting: Hourglass, granted: CircleCheck, denied: CircleX, ended: CircleSlash } as const;

/** One of the person's own requests: how it stands, who answered with what words, and the way to withdraw it. */
export function RequestRow({ request }: { request: AccessRequest }) {
  const client = useQueryClient();
  const notice = useNotice();
  const outcome = requestOutcome(request);
  const cancelling = useMutation({
    mutationFn: () => cancelRequest(request.id),
    onError: (error) => {
      const problem = problemOf(error);
      notice(problem.title, `${problem.detail} (${problem.code})`, true);
    },
    onSettled: () => {
      for (const noun of ['requests', 'resources', 'me']) void client.invalidateQueries({ queryKey: [noun] });
    },
  });
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <Chip tone={outcome.tone} icon={icons[outcome.tone]} className="w-26 justify-start">
        {outcome.word}
      </Chip>
      <div className="min-w-0 flex-1 basis-52">
        <p className="truncate text-sm text-ink">
          <span className="font-semibold">{request.items.map((item) => item.resource.name).join(', ')}</span>
          <span className="text-ink-2">
            {' '}
            {request.extension ? '' : 'for '}
            {wishedTime(request)}
          </span>
          {request.reason && <span className="text-ink-2"> · “{request.reason}”</span>}
        </p>
        <p className="text-xs text-ink-2 wrap-anywhere">
          {outcome.sentence}
          {outcome.comment && ` “${outcome.comment}”`}
        </p>
      </div>
      <Moment at={request.decidedAt ?? request.createdAt} className="text-xs text-ink-2" />
      {request.mayCancel && (
        <Button data-row size="small" busy={cancelling.isPending} onClick={() => cancelling.mutate()}>
          Cancel<span className="sr-only"> the request for {request.items[0]?.resource.name}</span>
        </Button>
      )}
    </li>
  );
}
