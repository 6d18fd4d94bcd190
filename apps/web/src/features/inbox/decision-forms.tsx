'use client';
import { useState } from 'react';
import { durationInWords } from '../../clock/durations.ts';
import { Button } from '../../design/button.tsx';
import { TextArea } from '../../design/field.tsx';
import { DurationChips } from '../resources/duration-chips.tsx';
import type { Reviewing } from './use-review.ts';

interface DecisionFormProps {
  review: Reviewing;
  onBack: () => void;
}

const changedReason = 'Read what changed first.';
const commentCharactersMax = 500;

/** Approve for less than was asked, with a comment if one helps. */
export function ShorterForm({
  verb,
  offered,
  review,
  onBack,
}: DecisionFormProps & { verb: 'Approve for' | 'Extend by'; offered: readonly number[] }) {
  const [chosen, setChosen] = useState(offered.at(-1) ?? 0);
  const [comment, setComment] = useState('');
  return (
    <form
      className="space-y-3"
      onKeyDown={(event) => event.key === 'Escape' && onBack()}
      onSubmit={(event) => {
        event.preventDefault();
        review.approve({ durationSeconds: chosen, comment });
      }}
    >
      <DurationChips
        label={verb}
        offered={offered}
        chosen={chosen}
        custom={false}
        onChoose={(next) => typeof next === 'number' && setChosen(next)}
      />
      <Comment label="Comment (you may leave it out)" value={comment} onChange={setComment} />
      <div className="flex gap-2">
        <Button
          type="submit"
          kind="primary"
          size="large"
          busy={review.isPending}
          blockedBecause={review.changed ? changedReason : undefined}
        >
          {verb} {durationInWords(chosen)}
        </Button>
        <Button size="large" kind="quiet" onClick={onBack}>
          Back
        </Button>
      </div>
    </form>
  );
}

/** Deny, and say why: the requester reads the comment. */
export function DenyForm({ review, onBack }: DecisionFormProps) {
  const [comment, setComment] = useState('');
  const [attempted, setAttempted] = useState(false);
  const missing = comment.trim() === '';
  const submit = () => {
    setAttempted(true);
    if (!missing) review.deny(comment.trim());
  };
  return (
    <form
      className="space-y-3"
      onKeyDown={(event) => event.key === 'Escape' && onBack()}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Comment
        label="Why not?"
        value={comment}
        onChange={setComment}
        onEnter={submit}
        wrong={attempted && missing ? 'A denial wants a comment.' : undefined}
      />
      <div className="flex gap-2">
        <Button
          type="submit"
          kind="destructive"
          size="large"
          busy={review.isPending}
          blockedBecause={review.changed ? changedReason : undefined}
        >
          Deny
        </Button>
        <Button size="large" kind="quiet" onClick={onBack}>
          Back
        </Button>
      </div>
    </form>
  );
}

interface CommentProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  onEnter?: () => void;
  wrong?: string | undefined;
}

function Comment({ label, value, onChange, onEnter, wrong }: CommentProps) {
  return (
    <TextArea
      label={label}
      autoFocus={onEnter !== undefined}
      value={value}
      maxLength={commentCharactersMax}
      hint="The requester reads this."
      wrong={wrong}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (!onEnter || event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
        event.preventDefault();
        onEnter();
      }}
    />
  );
}
