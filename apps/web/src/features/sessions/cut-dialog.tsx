'use client';
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState, type RefObject } from 'react';
import { problemOf } from '../../api/problem-of.ts';
import { revokeGrant, terminateSession } from '../../api/commands.ts';
import { Button } from '../../design/button.tsx';
import { TextField } from '../../design/field.tsx';
import { useNotice } from '../../design/notices.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { Sheet } from '../../design/sheet.tsx';
import { cutSentence, type Cut } from './cut.ts';

type Reach = 'grant' | 'session';

/** Confirms a cut: says what ends, and wants the resource's name typed. */
export function CutDialog({ cut, onClose }: { cut: Cut | undefined; onClose: () => void }) {
  const first = useRef<HTMLInputElement>(null);
  return (
    <Sheet
      open={cut !== undefined}
      onClose={onClose}
      initialFocus={first}
      title={cut && `Cut ${cut.person} off ${cut.resource}`}
      about="It takes effect at once and cannot be undone."
    >
      {cut && <CutForm key={cut.sessionId ?? cut.grantId} cut={cut} first={first} onDone={onClose} />}
    </Sheet>
  );
}

interface CutFormProps {
  cut: Cut;
  first: RefObject<HTMLInputElement | null>;
  onDone: () => void;
}

function CutForm({ cut, first, onDone }: CutFormProps) {
  const client = useQueryClient();
  const notice = useNotice();
  const [reach, setReach] = useState<Reach>('grant');
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const ending = reach === 'session' ? 1 : cut.live;
  const cutting = useMutation<unknown>({
    mutationFn: () =>
      reach === 'session' && cut.sessionId
        ? terminateSession(cut.sessionId, reason.trim())
        : revokeGrant(cut.grantId, reason.trim()),
    onSuccess: () => {
      notice(`${cut.person} is cut off ${cut.resource}`, `This ${cutSentence(ending)}.`);
      onDone();
    },
    onSettled: () => {
      for (const noun of ['sessions', 'grants', 'me']) void client.invalidateQueries({ queryKey: [noun] });
    },
  });
  const blocked =
    typed !== cut.resource ? `Type ${cut.resource} first.` : reason.trim() ? undefined : 'Say why first.';
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!blocked && !cutting.isPending) cutting.mutate();
      }}
    >
      {cutting.error && <ProblemNotice problem={problemOf(cutting.error)} />}
      {cut.sessionId && <ReachChoice cut={cut} reach={reach} onChange={setReach} />}
      <TextField
        ref={first}
        label="Why?"
        hint="The person reads this, and so does the auditor."
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
      />
      <TextField
        label={`Type ${cut.resource} to confirm`}
        hint={`This ${cutSentence(ending)}.`}
        value={typed}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        className="font-mono"
      />
      <Button
        type="submit"
        kind="destructive"
        size="large"
        className="w-full"
        busy={cutting.isPending}
        blockedBecause={blocked}
      >
        {cutting.isPending ? 'Cutting…' : `Cut: ${cutSentence(ending)}`}
      </Button>
    </form>
  );
}

function ReachChoice({ cut, reach, onChange }: { cut: Cut; reach: Reach; onChange: (reach: Reach) => void }) {
  const choices = [
    { value: 'grant', name: 'End the grant', note: `${cutSentence(cut.live)}; nothing new can be opened` },
    {
      value: 'session',
      name: 'Cut this session only',
      note: 'the person may connect again while the grant lives',
    },
  ];
  return (
    <RadioGroup
      aria-label="How far"
      value={reach}
      onValueChange={(next) => onChange(next)}
      className="space-y-2"
    >
      {choices.map((choice) => (
        <Radio.Root
          key={choice.value}
          value={choice.value}
          className="flex w-full cursor-pointer items-start gap-3 rounded-md border border-line-strong px-3 py-2 text-left hover:bg-hover data-checked:border-accent data-checked:bg-accent-soft"
        >
          <span
            aria-hidden
            className="mt-1 grid size-3.5 shrink-0 place-items-center rounded-full border border-ink-3"
          >
            <Radio.Indicator className="size-2 rounded-full bg-accent" />
          </span>
          <span>
            <span className="block text-sm font-medium text-ink">{choice.name}</span>
            <span className="block text-xs text-ink-2">{choice.note}</span>
          </span>
        </Radio.Root>
      ))}
    </RadioGroup>
  );
}
