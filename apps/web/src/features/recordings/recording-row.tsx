'use client';
import { CircleCheck, Scissors, Trash2 } from 'lucide-react';
import Link from 'next/link';
import type { SessionRecording } from '../../api/contract.ts';
import { bytesInWords } from '../../design/bytes.ts';
import { Chip } from '../../design/chip.tsx';
import { Moment } from '../../design/times.tsx';
import { lengthOf, purposeInWords } from './recording-words.ts';

/** One recording: who, what, when, how long, how large, whether it is whole, and its digest; opens it. */
export function RecordingRow({ recording }: { recording: SessionRecording }) {
  const { id, person, resource, purpose, startedAt, bytes, sha256 } = recording;
  return (
    <li>
      <Link
        data-row
        href={`/recordings?recording=${id}`}
        className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm transition-colors duration-100 hover:bg-hover focus-visible:-outline-offset-2 md:grid-cols-[minmax(0,1.3fr)_minmax(0,1fr)_11rem_7rem_6rem]"
      >
        <span className="min-w-0">
          <span className="block truncate font-medium text-ink">{person.name}</span>
          <span className="block truncate text-xs text-ink-2">{person.email}</span>
        </span>
        <span className="min-w-0 text-right md:text-left">
          <span className="block truncate font-medium text-ink">{resource.name}</span>
          <span className="block truncate text-xs text-ink-2">{purposeInWords(purpose)}</span>
        </span>
        <span className="min-w-0 text-xs text-ink-2">
          <span className="block text-ink">
            {lengthOf(recording) ?? 'length not known'} · {bytesInWords(bytes)}
          </span>
          <span className="block truncate font-mono text-2xs" title={`SHA-256 ${sha256}`}>
            {sha256.slice(0, 16)}
          </span>
        </span>
        <span className="justify-self-end md:justify-self-start">
          <Whole recording={recording} />
        </span>
        <Moment at={startedAt} className="text-xs text-ink-2 md:text-right" />
      </Link>
    </li>
  );
}

function Whole({ recording: { state, complete } }: { recording: SessionRecording }) {
  if (state === 'removed')
    return (
      <Chip tone="ended" icon={Trash2}>
        Removed
      </Chip>
    );
  return complete ? (
    <Chip tone="granted" icon={CircleCheck}>
      Complete
    </Chip>
  ) : (
    <Chip tone="waiting" icon={Scissors}>
      Cut short
    </Chip>
  );
}
