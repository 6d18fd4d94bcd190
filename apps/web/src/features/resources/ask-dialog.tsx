'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CornerDownLeft, EyeOff, Radio as Recorded, Users, Zap } from 'lucide-react';
import { useRef, useState, type RefObject } from 'react';
import { problemOf } from '../../api/problem-of.ts';
import { submitRequest, type NewAccessRequest } from '../../api/commands.ts';
import type { Me, Resource } from '../../api/contract.ts';
import { meQuery } from '../../api/queries.ts';
import { durationInWords } from '../../clock/durations.ts';
import { Button } from '../../design/button.tsx';
import { TextArea, TextField } from '../../design/field.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { Sheet } from '../../design/sheet.tsx';
import { Asked } from './asked.tsx';
import { customDuration, offeredDurations } from './duration-choice.ts';
import { DurationChips, type ChosenDuration } from './duration-chips.tsx';
import { keepAsk, lastAsk } from './last-ask.ts';
import { addressOf } from './reach.ts';

/** Longest reason the API takes, in characters. */
const reasonCharactersMax = 500;

/** The one dialog in which a resource is asked for; afterwards it shows how the request stands. */
export function AskDialog({ resource, onClose }: { resource: Resource | undefined; onClose: () => void }) {
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  const reason = useRef<HTMLTextAreaElement>(null);
  return (
    <Sheet
      open={resource !== undefined}
      onClose={onClose}
      initialFocus={reason}
      title={resource && `Ask for ${resource.name}`}
      about={
        resource && (
          <>
            {resource.title}
            <br />
            <span className="font-mono text-xs text-ink">
              {addressOf(resource.host, resource.port, resource.cidr)}
            </span>
          </>
        )
      }
    >
      {resource && me && <AskForm key={resource.id} resource={resource} me={me} reasonRef={reason} />}
    </Sheet>
  );
}

interface AskFormProps {
  resource: Resource;
  me: Me;
  reasonRef: RefObject<HTMLTextAreaElement | null>;
}

function AskForm({ resource, me, reasonRef }: AskFormProps) {
  const { rule } = resource;
  const ask = useAsk(resource, me);
  if (ask.asked) return <Asked request={ask.asked} resource={resource} />;
  const problem = ask.error && problemOf(ask.error);
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        ask.submit();
      }}
    >
      {problem && <ProblemNotice problem={problem} />}
      <DurationChips
        label={`For how long? At most ${durationInWords(rule.maxDurationSeconds)}`}
        offered={ask.offered}
        chosen={ask.chosen}
        onChoose={ask.choose}
      />
      {ask.chosen === 'custom' && (
        <TextField
          label="Other time"
          autoFocus
          value={ask.custom}
          onChange={(event) => ask.setCustom(event.target.value)}
          placeholder="45m, 1h30, 2h"
          wrong={ask.attempted ? ask.durationWrong : undefined}
        />
      )}
      <TextArea
        ref={reasonRef}
        label={rule.reasonRequired ? 'Why?' : 'Why? (you may leave it out)'}
        value={ask.reason}
        maxLength={reasonCharactersMax}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => ask.setReason(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          ask.submit();
        }}
        placeholder={rule.reasonExample}
        hint="The reviewer reads this as you typed it."
        wrong={ask.attempted && ask.reasonMissing ? 'The policy wants a reason.' : undefined}
      />
      <Consequences resource={resource} />
      <Button type="submit" kind="primary" size="large" busy={ask.isPending} className="w-full">
        {ask.isPending ? 'Sending…' : ask.seconds ? `Ask for ${durationInWords(ask.seconds)}` : 'Ask'}
        <CornerDownLeft aria-hidden className="size-4 opacity-70" />
      </Button>
    </form>
  );
}

/** State of the form: prefilled from the last time, checked before sending, judged by the server. */
function useAsk(resource: Resource, me: Me) {
  const { rule } = resource;
  const client = useQueryClient();
  const offered = offeredDurations(rule.maxDurationSeconds);
  const [last] = useState(() => lastAsk(localStorage, me.id, resource.name));
  const wanted = Math.min(last?.durationSeconds ?? rule.defaultDurationSeconds, rule.maxDurationSeconds);
  const [chosen, choose] = useState<ChosenDuration>(offered.includes(wanted) ? wanted : 'custom');
  const [custom, setCustom] = useState(durationInWords(wanted).replaceAll(' ', ''));
  const [reason, setReason] = useState(last?.reason ?? '');
  const [attempted, setAttempted] = useState(false);
  const sending = useMutation({
    mutationFn: (request: NewAccessRequest) => submitRequest(request),
    onSuccess: (_asked, { durationSeconds, reason: given }) => {
      keepAsk(localStorage, me.id, resource.name, { durationSeconds, reason: given });
      for (const noun of ['resources', 'requests', 'grants', 'me']) {
        void client.invalidateQueries({ queryKey: [noun] });
      }
    },
  });
  const typed = chosen === 'custom' ? customDuration(custom, rule.maxDurationSeconds) : { seconds: chosen };
  const seconds = 'seconds' in typed ? typed.seconds : undefined;
  const reasonMissing = rule.reasonRequired && reason.trim() === '';
  return {
    offered,
    chosen,
    choose,
    custom,
    setCustom,
    reason,
    setReason,
    attempted,
    seconds,
    reasonMissing,
    durationWrong: 'wrong' in typed ? typed.wrong : undefined,
    isPending: sending.isPending,
    error: sending.error,
    asked: sending.data,
    submit: () => {
      setAttempted(true);
      if (sending.isPending || seconds === undefined || reasonMissing) return;
      sending.mutate({ resources: [resource.name], durationSeconds: seconds, reason: reason.trim() });
    },
  };
}

/** Who will be asked and how long that takes, and whether content is recorded. */
function Consequences({ resource: { rule, recording } }: { resource: Resource }) {
  const wait = rule.usualWaitSeconds ? `, usually answered in ${durationInWords(rule.usualWaitSeconds)}` : '';
  return (
    <ul className="space-y-1 text-xs text-ink-2">
      <li className="flex items-center gap-2">
        {rule.autoApproved ? (
          <Zap aria-hidden className="size-3.5 shrink-0" />
        ) : (
          <Users aria-hidden className="size-3.5 shrink-0" />
        )}
        {rule.autoApproved
          ? `Granted at once by the policy ${rule.policy}.`
          : `Asks one of ${rule.reviewers.join(', ')}${wait}.`}
      </li>
      <li className="flex items-center gap-2">
        {recording.recorded ? (
          <Recorded aria-hidden className="size-3.5 shrink-0" />
        ) : (
          <EyeOff aria-hidden className="size-3.5 shrink-0" />
        )}
        {recording.statement}
      </li>
    </ul>
  );
}
