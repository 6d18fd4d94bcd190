import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
} from '@tanstack/react-table';
import { Cable, LoaderCircle, type LucideIcon } from 'lucide-react';
import type { Session } from '../../api/contract.ts';
import { bytesInWords } from '../../design/bytes.ts';
import { Chip, type Tone } from '../../design/chip.tsx';
import { Moment, TimeLeft } from '../../design/times.tsx';
import { Sparkline } from './sparkline.tsx';

/** What the session table does beyond showing rows: it sorts. */
export const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

/** What is open, where it is not a port. */
const purposes: Record<Session['purpose'], string> = {
  port: '',
  ssh: 'SSH',
  shell: 'shell',
  command: 'command',
  interactive: 'command in a terminal',
};

/** `shell, recorded`; nothing for a port. */
export function purposeText({ purpose, recording }: Pick<Session, 'purpose' | 'recording'>): string {
  return [purposes[purpose], recording && 'recorded'].filter(Boolean).join(', ');
}

const helper = createColumnHelper<typeof features, Session>();

const states: Record<Session['state'], { word: string; tone: Tone; icon: LucideIcon }> = {
  opening: { word: 'Opening', tone: 'waiting', icon: LoaderCircle },
  open: { word: 'Open', tone: 'granted', icon: Cable },
  reconnecting: { word: 'Reconnecting', tone: 'waiting', icon: LoaderCircle },
  closing: { word: 'Closing', tone: 'ended', icon: LoaderCircle },
  closed: { word: 'Closed', tone: 'ended', icon: Cable },
};

/** How a session stands. */
export function SessionState({ state }: { state: Session['state'] }) {
  const { word, tone, icon } = states[state];
  return (
    <Chip tone={tone} icon={icon}>
      {word}
    </Chip>
  );
}

/** Columns whose figures stand at the right. */
export const rightColumns: ReadonlySet<string> = new Set(['bytesUp', 'bytesDown', 'endsAt', 'openedAt']);

export const columns = helper.columns([
  helper.accessor((session) => session.person.name, {
    id: 'person',
    header: 'Person',
    sortFn: 'alphanumeric',
    cell: ({ row, getValue }) => (
      <div className="max-w-44">
        <p className="truncate font-medium text-ink">{getValue()}</p>
        <p className="truncate text-xs text-ink-2">{row.original.person.email}</p>
      </div>
    ),
  }),
  helper.accessor((session) => session.resource.name, {
    id: 'resource',
    header: 'Resource',
    sortFn: 'alphanumeric',
    cell: ({ row, getValue }) => (
      <div>
        <p className="font-medium text-ink">
          {getValue()}
          {row.original.purpose !== 'port' && (
            <span className="ml-1.5 text-xs font-normal text-ink-2">{purposeText(row.original)}</span>
          )}
        </p>
        <p className="font-mono text-xs text-ink-2" title="gateway">
          {row.original.instanceId ?? 'gateway not chosen yet'}
        </p>
      </div>
    ),
  }),
  helper.accessor('state', {
    header: 'State',
    sortFn: 'alphanumeric',
    cell: ({ getValue }) => <SessionState state={getValue()} />,
  }),
  helper.accessor('openedAt', {
    header: 'Since',
    sortFn: 'basic',
    cell: ({ getValue }) => <Moment at={getValue()} />,
  }),
  helper.accessor('endsAt', {
    header: 'Left',
    sortFn: 'basic',
    cell: ({ getValue }) => <TimeLeft endsAt={getValue()} className="font-medium" />,
  }),
  helper.accessor('bytesUp', {
    header: 'Up',
    sortFn: 'basic',
    cell: ({ getValue }) => bytesInWords(getValue()),
  }),
  helper.accessor('bytesDown', {
    header: 'Down',
    sortFn: 'basic',
    cell: ({ getValue }) => bytesInWords(getValue()),
  }),
  helper.display({
    id: 'rate',
    header: 'Rate',
    cell: ({ row }) => (
      <Sparkline bytes={row.original.bytesUp + row.original.bytesDown} at={row.original.lastSeenAt} />
    ),
  }),
  helper.accessor('clientVersion', {
    header: 'Client',
    sortFn: 'alphanumeric',
    cell: ({ getValue }) => <span className="text-xs text-ink-2">{getValue()}</span>,
  }),
]);
