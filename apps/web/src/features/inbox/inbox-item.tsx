'use client';
import type { AccessRequest } from '../../api/contract.ts';
import { cn } from '../../design/cn.ts';
import { Face } from '../../design/face.tsx';
import { Moment } from '../../design/times.tsx';
import { wishedTime } from '../access/request-outcome.ts';

interface InboxItemProps {
  request: AccessRequest;
  chosen: boolean;
  onChoose: () => void;
}

/** A waiting request in the list: who, what, how long, since when. */
export function InboxItem({ request, chosen, onChoose }: InboxItemProps) {
  return (
    <li>
      <button
        type="button"
        onClick={onChoose}
        aria-current={chosen ? 'true' : undefined}
        className={cn(
          'flex w-full gap-3 px-4 py-3 text-left transition-colors duration-100 focus-visible:-outline-offset-2',
          chosen ? 'lg:bg-accent-soft' : 'hover:bg-hover',
        )}
      >
        <Face name={request.requester.name} className="mt-0.5" />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className="min-w-0 flex-1 truncate text-sm font-semibold text-ink">
              {request.requester.name}
            </span>
            <Moment at={request.createdAt} className="shrink-0 text-2xs text-ink-2" />
          </span>
          <span className="block truncate text-sm text-ink">
            {request.items.map((item) => item.resource.name).join(', ')}
            <span className="text-ink-2"> · {wishedTime(request)}</span>
          </span>
          <span className="block truncate text-xs text-ink-2">{request.reason || 'no reason given'}</span>
        </span>
      </button>
    </li>
  );
}
