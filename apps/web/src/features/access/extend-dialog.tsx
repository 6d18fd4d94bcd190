'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CornerDownLeft, Users, Zap } from 'lucide-react';
import { useState } from 'react';
import { extendGrant } from '../../api/commands.ts';
import type { Grant } from '../../api/contract.ts';
import { problemOf } from '../../api/problem-of.ts';
import { durationInWords } from '../../clock/durations.ts';
import { Button } from '../../design/button.tsx';
import { TextArea } from '../../design/field.tsx';
import { useNotice } from '../../design/notices.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { Sheet } from '../../design/sheet.tsx';
import { ClockTime } from '../../design/times.tsx';
import { offeredExtensions } from '../resources/duration-choice.ts';
import { DurationChips } from '../resources/duration-chips.tsx';

const reasonCharactersMax = 500;

interface ExtendDialogProps {
  grant: Grant;
  open: boolean;
  onClose: () => void;
}

/** Asks for more time on a grant: how much, until when that is, and who has to answer. */
export function ExtendDialog({ grant, open, onClose }: ExtendDialogProps) {
  return (
    <Sheet
      open={open}
      onClose={onClose}
      title={`More time on ${grant.resource.name}`}
      about={
        <>
          It ends at <ClockTime at={grant.endsAt} /> now. What is connected goes on.
        </>
      }
    >
      {grant.extension && <ExtendForm grant={grant} room={grant.extension} onClose={onClose} />}
    </Sheet>
  );
}

interface ExtendFormProps {
  grant: Grant;
  room: NonNullable<Grant['extension']>;
  onClose: () => void;
}

function ExtendForm({ grant, room, onClose }: ExtendFormProps) {
  const offered = offeredExtensions(room.secondsMax);
  const [chosen, setChosen] = useState(offered.at(1) ?? offered[0] ?? 0);
  const [reason, setReason] = useState('');
  const extending = useExtend(grant, onClose);
  const problem = extending.error && problemOf(extending.error);
  const until = new Date(Date.parse(grant.endsAt) + chosen * 1_000).toISOString();
  const send = () =>
    extending.isPending ||
    extending.mutate({
      durationSeconds: chosen,
      reason: reason.trim() || undefined,
      seenEndsAt: grant.endsAt,
    });
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {problem && <ProblemNotice problem={problem} />}
      <DurationChips
        label={`How much more? At most ${durationInWords(room.secondsMax)}`}
        offered={offered}
        chosen={chosen}
        custom={false}
        onChoose={(next) => typeof next === 'number' && setChosen(next)}
      />
      <TextArea
        label="Why? (you may leave it out)"
        value={reason}
        maxLength={reasonCharactersMax}
        placeholder={grant.reason}
        hint="Left out, the reason of the grant stands."
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <Consequence automatic={chosen <= room.automaticSecondsMax} />
      <Button type="submit" kind="primary" size="large" busy={extending.isPending} className="w-full">
        {extending.isPending ? 'Sending…' : `Extend by ${durationInWords(chosen)}, until`}
        {!extending.isPending && <ClockTime at={until} className="-ml-1" />}
        <CornerDownLeft aria-hidden className="size-4 opacity-70" />
      </Button>
    </form>
  );
}

function useExtend(grant: Grant, onDone: () => void) {
  const client = useQueryClient();
  const notice = useNotice();
  return useMutation({
    mutationFn: (extension: Parameters<typeof extendGrant>[1]) => extendGrant(grant.id, extension),
    onSuccess: (asked, { durationSeconds }) => {
      const time = durationInWords(durationSeconds);
      if (asked.state === 'approved') notice(`${grant.resource.name} is extended by ${time}`);
      else
        notice(
          `Asked for ${time} more of ${grant.resource.name}`,
          `One of ${asked.reviewers.join(', ')} has to answer before it ends.`,
        );
      onDone();
    },
    onSettled: () => {
      for (const noun of ['grants', 'requests', 'resources', 'sessions', 'me'])
        void client.invalidateQueries({ queryKey: [noun] });
    },
  });
}

function Consequence({ automatic }: { automatic: boolean }) {
  const Icon = automatic ? Zap : Users;
  return (
    <p className="flex items-center gap-2 text-xs text-ink-2">
      <Icon aria-hidden className="size-3.5 shrink-0" />
      {automatic
        ? 'Granted at once by the policy.'
        : 'A reviewer has to answer before the grant ends; until then its end stays.'}
    </p>
  );
}
