'use client';
import { useQuery } from '@tanstack/react-query';
import { Network } from 'lucide-react';
import { useState } from 'react';
import type { Grant } from '../../api/contract.ts';
import { problemOf } from '../../api/problem-of.ts';
import { flowsQuery } from '../../api/queries.ts';
import { Button } from '../../design/button.tsx';
import { bytesInWords } from '../../design/bytes.ts';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { Sheet } from '../../design/sheet.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { Moment } from '../../design/times.tsx';

/** Opens where a grant of a network was used to. Nothing for a resource of one destination. */
export function FlowsButton({ grant, size = 'small' }: { grant: Grant; size?: 'small' | 'normal' }) {
  const [open, setOpen] = useState(false);
  if (grant.resource.kind !== 'subnet') return null;
  return (
    <>
      <Button size={size} kind={size === 'small' ? 'quiet' : 'plain'} onClick={() => setOpen(true)}>
        <Network aria-hidden className="size-3.5" />
        Destinations<span className="sr-only"> of {grant.resource.name}</span>
      </Button>
      <Sheet
        as="drawer"
        open={open}
        onClose={() => setOpen(false)}
        title={`Destinations in ${grant.resource.name}`}
        about="As the agent on the gateway recorded them, when each conversation ended. The largest first."
      >
        {open && <Destinations grantId={grant.id} />}
      </Sheet>
    </>
  );
}

function Destinations({ grantId }: { grantId: string }) {
  const { data, error } = useQuery(flowsQuery(grantId));
  if (error && !data) return <ProblemNotice problem={problemOf(error)} />;
  if (!data) return <SkeletonRows rows={4} label="Reading the conversations" />;
  if (data.destinations.length === 0)
    return <p className="text-sm text-ink-2">No conversation has ended yet.</p>;
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-b border-line text-left text-xs text-ink-2 *:py-1.5 *:pr-3 *:font-medium">
            <th scope="col">Destination</th>
            <th scope="col" className="text-right">
              Times
            </th>
            <th scope="col" className="text-right">
              Sent
            </th>
            <th scope="col" className="text-right">
              Received
            </th>
            <th scope="col" className="hidden sm:table-cell">
              Last
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {data.destinations.map((row) => (
            <tr
              key={`${row.destination} ${row.port} ${row.proto} ${row.name}`}
              className="align-top *:py-2 *:pr-3"
            >
              <td className="min-w-40">
                {row.name && <p className="font-medium text-ink wrap-anywhere">{row.name}</p>}
                <p className="font-mono text-xs text-ink-2 wrap-anywhere">
                  {row.destination}
                  {row.port !== null && `:${row.port}`} {row.proto}
                </p>
              </td>
              <td className="text-right tabular-nums">
                {row.flows}
                {row.refused > 0 && <p className="text-xs text-denied">{row.refused} refused</p>}
              </td>
              <td className="text-right whitespace-nowrap tabular-nums">{bytesInWords(row.bytesUp)}</td>
              <td className="text-right whitespace-nowrap tabular-nums">{bytesInWords(row.bytesDown)}</td>
              <td className="hidden whitespace-nowrap sm:table-cell">
                <Moment at={row.lastAt} className="text-xs text-ink-2" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
