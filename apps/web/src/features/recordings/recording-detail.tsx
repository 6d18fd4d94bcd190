'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { ArrowLeft, Download, Scissors } from 'lucide-react';
import Link from 'next/link';
import { useRef, useState, type ReactNode } from 'react';
import type { SessionRecording } from '../../api/contract.ts';
import { problemOf } from '../../api/problem-of.ts';
import { recordingQuery } from '../../api/queries.ts';
import { absoluteTime } from '../../clock/durations.ts';
import { Button } from '../../design/button.tsx';
import { bytesInWords } from '../../design/bytes.ts';
import { Id } from '../../design/id.tsx';
import { PageHead, Panel } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { KeyForm } from './key-form.tsx';
import { Player } from './player.tsx';
import { decrypt, fetchSealed, type Cast, type SealedFile } from './read-recording.ts';
import { lengthOf, purposeInWords } from './recording-words.ts';

/** One recording: what is known of it, and its replay once somebody has the key. */
export function RecordingDetail({ id }: { id: string }) {
  const { data: recording, error } = useQuery(recordingQuery(id));
  return (
    <>
      <Link
        href="/recordings"
        className="mb-3 inline-flex items-center gap-1.5 rounded-sm text-sm text-ink-2 hover:text-ink"
      >
        <ArrowLeft aria-hidden className="size-4" />
        Recordings
      </Link>
      {error && !recording && <ProblemNotice problem={problemOf(error)} />}
      {!recording && !error && (
        <Panel>
          <SkeletonRows rows={3} label="Reading the recording" />
        </Panel>
      )}
      {recording && <Opened recording={recording} />}
    </>
  );
}

function Opened({ recording }: { recording: SessionRecording }) {
  const [cast, setCast] = useState<Cast>();
  // Fetched once, so that trying another key is not another opening.
  const sealed = useRef<Promise<SealedFile>>(undefined);
  const fetched = () => {
    sealed.current ??= fetchSealed(recording).catch((error: unknown) => {
      sealed.current = undefined;
      throw error;
    });
    return sealed.current;
  };
  const open = useMutation({
    mutationFn: async (key: { identityFile: string }) => {
      const { identityFile } = key;
      // Not kept with the state of the mutation.
      key.identityFile = '';
      return decrypt(await fetched(), identityFile);
    },
    onSuccess: setCast,
    gcTime: 0,
  });
  const save = useMutation({ mutationFn: async () => saveFile(recording.id, (await fetched()).bytes) });
  const failure = open.error ?? save.error;
  const removed = recording.state === 'removed';
  return (
    <>
      <PageHead
        title={recording.resource.name}
        about={`${purposeInWords(recording.purpose)} of ${recording.person.name}, ${absoluteTime(recording.startedAt)}`}
      >
        {!removed && (
          <Button busy={save.isPending} onClick={() => save.mutate()}>
            <Download aria-hidden className="size-4" />
            Download, encrypted
          </Button>
        )}
      </PageHead>
      <div className="space-y-4">
        {failure && <ProblemNotice problem={problemOf(failure)} />}
        {cast && <Verdict cast={cast} recording={recording} />}
        {cast && <Player cast={cast} />}
        {!cast && !removed && (
          <Panel className="px-5 py-4">
            <h2 className="mb-2 text-sm font-semibold text-ink">Replay</h2>
            <KeyForm busy={open.isPending} onKey={(identityFile) => open.mutate({ identityFile })} />
          </Panel>
        )}
        <Facts recording={recording} />
      </div>
    </>
  );
}

/** What an auditor must know before they believe what they see. */
function Verdict({ cast, recording }: { cast: Cast; recording: SessionRecording }) {
  if (cast.damage) return <ProblemNotice problem={problemOf(cast.damage)} />;
  if (cast.whole && recording.complete) return null;
  return (
    <p
      role="status"
      className="flex gap-3 rounded-lg border border-waiting-mark/40 bg-waiting-soft px-4 py-3 text-sm text-ink"
    >
      <Scissors aria-hidden className="mt-0.5 size-4 shrink-0 text-waiting" />
      <span>
        <span className="font-semibold">Cut short.</span> The end of this recording is not there: its client
        was killed or lost the machine under it. What is here was shown; what came after it is not known.
      </span>
    </p>
  );
}

function Facts({ recording }: { recording: SessionRecording }) {
  const { person, resource, startedAt, endedAt, bytes, sha256, complete, keptUntil, removedAt } = recording;
  return (
    <Panel className="px-5 py-4">
      <dl className="space-y-2 text-sm">
        <Row name="Person">
          {person.name} <span className="text-ink-2">{person.email}</span>
        </Row>
        <Row name="Began">{absoluteTime(startedAt)}</Row>
        <Row name="Ended">
          {endedAt ? `${absoluteTime(endedAt)}, after ${lengthOf(recording)}` : 'not told by its client'}
        </Row>
        <Row name="Size">
          {bytesInWords(bytes)}, {complete ? 'complete' : 'cut short'}
        </Row>
        <Row name="SHA-256">
          <span className="font-mono text-xs">{sha256}</span>
        </Row>
        <Row name="Session">
          <Id value={recording.sessionId} className="font-mono text-xs" />
        </Row>
        <Row name="Grant">
          <Link href={`/audit?grant=${recording.grantId}`} className="font-medium text-accent underline">
            <Id value={recording.grantId} className="font-mono text-xs" />
          </Link>
        </Row>
        {keptUntil && <Row name="Kept until">{absoluteTime(keptUntil)}</Row>}
        {removedAt && <Row name="Removed">{absoluteTime(removedAt)}: its time of keeping was over</Row>}
        <Row name="Resource">
          <Link href={`/audit?resource=${resource.name}`} className="font-medium text-accent underline">
            {resource.name}
          </Link>
        </Row>
      </dl>
    </Panel>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[6rem_1fr] gap-3">
      <dt className="text-ink-2">{name}</dt>
      <dd className="min-w-0 text-ink wrap-anywhere">{children}</dd>
    </div>
  );
}

function saveFile(id: string, bytes: Uint8Array<ArrayBuffer>): void {
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/age' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${id}.cast.age`;
  link.click();
  URL.revokeObjectURL(address);
}
