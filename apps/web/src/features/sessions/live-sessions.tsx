'use client';
import { useTable, type SortingState } from '@tanstack/react-table';
import { ArrowDown, ArrowUp, Unplug } from 'lucide-react';
import { useState } from 'react';
import type { Grant, Session } from '../../api/contract.ts';
import { bytesInWords } from '../../design/bytes.ts';
import { Button } from '../../design/button.tsx';
import { cn } from '../../design/cn.ts';
import { TimeLeft } from '../../design/times.tsx';
import { cutOfSession, type Cut } from './cut.ts';
import { columns, features, purposeText, rightColumns, SessionState } from './session-columns.tsx';

interface LiveSessionsProps {
  sessions: Session[];
  grants: readonly Grant[] | undefined;
  /** Given to administrators only. */
  onCut: ((cut: Cut) => void) | undefined;
}

/** The live table; on a phone the same as cards. */
export function LiveSessions(props: LiveSessionsProps) {
  return (
    <>
      <div className="hidden overflow-x-auto md:block">
        <SessionTable {...props} />
      </div>
      <ul aria-label="Live sessions" className="divide-y divide-line md:hidden">
        {props.sessions.map((session) => (
          <SessionCard key={session.id} session={session} {...props} />
        ))}
      </ul>
    </>
  );
}

const sorts = { ascending: ArrowUp, descending: ArrowDown };

function SessionTable({ sessions, grants, onCut }: LiveSessionsProps) {
  const [sorting, setSorting] = useState<SortingState>([{ id: 'openedAt', desc: true }]);
  const table = useTable({
    features,
    columns,
    data: sessions,
    getRowId: (session) => session.id,
    state: { sorting },
    onSortingChange: setSorting,
  });
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">Live sessions</caption>
      <thead className="border-b border-line bg-sunken text-xs text-ink-2">
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id}>
            {group.headers.map((header) => {
              const sorted = header.column.getIsSorted();
              const direction = sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined;
              const Arrow = direction && sorts[direction];
              const right = rightColumns.has(header.column.id);
              return (
                <th
                  key={header.id}
                  scope="col"
                  aria-sort={direction}
                  className={cn('h-9 px-3 font-medium first:pl-4', right ? 'text-right' : 'text-left')}
                >
                  {header.column.getCanSort() ? (
                    <button
                      type="button"
                      onClick={header.column.getToggleSortingHandler()}
                      className="inline-flex items-center gap-1 rounded-sm hover:text-ink"
                    >
                      <table.FlexRender header={header} />
                      {Arrow && <Arrow aria-hidden className="size-3" />}
                    </button>
                  ) : (
                    <table.FlexRender header={header} />
                  )}
                </th>
              );
            })}
            {onCut && (
              <th scope="col" className="w-20 pr-4">
                <span className="sr-only">Cut</span>
              </th>
            )}
          </tr>
        ))}
      </thead>
      <tbody className="divide-y divide-line">
        {table.getRowModel().rows.map((row) => (
          <tr key={row.id} className="transition-colors duration-100 hover:bg-hover">
            {row.getAllCells().map((cell) => (
              <td
                key={cell.id}
                className={cn(
                  'px-3 py-2.5 whitespace-nowrap first:pl-4',
                  rightColumns.has(cell.column.id) && 'text-right',
                )}
              >
                <table.FlexRender cell={cell} />
              </td>
            ))}
            {onCut && (
              <td className="pr-4 text-right">
                <CutButton
                  session={row.original}
                  onCut={() => onCut(cutOfSession(row.original, sessions, grants))}
                />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function CutButton({ session, onCut }: { session: Session; onCut: () => void }) {
  return (
    <Button data-row size="small" kind="danger" onClick={onCut}>
      <Unplug aria-hidden className="size-3.5" />
      Cut
      <span className="sr-only">
        {' '}
        {session.person.name} off {session.resource.name}
      </span>
    </Button>
  );
}

function SessionCard({ session, sessions, grants, onCut }: LiveSessionsProps & { session: Session }) {
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm text-ink">
          <span className="font-semibold">{session.person.name}</span> on{' '}
          <span className="font-semibold">{session.resource.name}</span>{' '}
          <span className="text-xs text-ink-2">{purposeText(session)}</span>
        </p>
        <div className="mt-1.5">
          <SessionState state={session.state} />
        </div>
        <p className="mt-1.5 text-xs text-ink-2">
          <TimeLeft endsAt={session.endsAt} /> left · {bytesInWords(session.bytesUp)} up ·{' '}
          {bytesInWords(session.bytesDown)} down
        </p>
      </div>
      {onCut && <CutButton session={session} onCut={() => onCut(cutOfSession(session, sessions, grants))} />}
    </li>
  );
}
