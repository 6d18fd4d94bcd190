'use client';
import { Check, Scissors, TriangleAlert, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { problemOf } from '../../api/problem-of.ts';
import type { AccessRequest } from '../../api/contract.ts';
import { durationInWords } from '../../clock/durations.ts';
import { Button } from '../../design/button.tsx';
import { KeyCap } from '../../design/key-cap.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { useKeys } from '../../shell/use-keys.ts';
import { requestOutcome } from '../access/request-outcome.ts';
import { shorterDurations } from '../resources/duration-choice.ts';
import { DenyForm, ShorterForm } from './decision-forms.tsx';
import { useReview, type Reviewing } from './use-review.ts';
import { useSettled } from './use-settled.ts';

type Mode = 'choose' | 'shorter' | 'deny';

/** Foot of a request: approve, approve shorter, or deny with a comment; or why this person cannot. */
export function Decision({ request, onAnswered }: { request: AccessRequest; onAnswered: () => void }) {
  const review = useReview(request, onAnswered);
  if (request.state !== 'pending') return <Answered request={request} />;
  if (!request.mayReview) {
    return (
      <p className="border-t border-line px-5 py-4 text-sm text-ink-2">
        Waiting for one of {request.reviewers.join(', ')}. You cannot answer this request: nobody answers
        their own, and only reviewers named by the policy may.
      </p>
    );
  }
  return <Answering request={request} review={review} />;
}

function Answered({ request }: { request: AccessRequest }) {
  const outcome = requestOutcome(request);
  return (
    <div role="status" className="border-t border-line px-5 py-4 text-sm">
      <p className="font-medium text-ink">{outcome.sentence}</p>
      {outcome.comment && <p className="mt-1 text-ink-2 wrap-anywhere">“{outcome.comment}”</p>}
    </div>
  );
}

function Answering({ request, review }: { request: AccessRequest; review: Reviewing }) {
  const [mode, setMode] = useState<Mode>('choose');
  const approve = useRef<HTMLButtonElement>(null);
  const settled = useSettled();
  const shorter = shorterDurations(request.durationSeconds);
  const canShorten = shorter.length > 0;
  useKeys({
    a: () => {
      setMode('choose');
      approve.current?.focus();
    },
    s: () => canShorten && setMode('shorter'),
    d: () => setMode('deny'),
  });
  const back = () => setMode('choose');
  const problem = review.error && problemOf(review.error);
  return (
    <div className="sticky bottom-[calc(3.5rem+env(safe-area-inset-bottom))] rounded-b-lg border-t border-line bg-panel px-5 py-4 md:bottom-0">
      {review.changed && <FactsChanged onRead={review.acknowledge} />}
      {problem && problem.code !== 'REVIEW_DIGEST_MISMATCH' && (
        <ProblemNotice problem={problem} className="mb-3" />
      )}
      {mode === 'choose' && (
        <div className="grid grid-cols-2 gap-2 sm:flex">
          <Button
            ref={approve}
            kind="primary"
            size="large"
            className="col-span-2"
            busy={review.isPending}
            blockedBecause={review.changed ? 'Read what changed first.' : settled ? undefined : 'One moment.'}
            onClick={() => review.approve()}
          >
            <Check aria-hidden className="size-4" strokeWidth={2.5} />
            {request.extension ? 'Extend by' : 'Approve for'} {durationInWords(request.durationSeconds)}
            <KeyCap>a</KeyCap>
          </Button>
          <Button
            size="large"
            blockedBecause={canShorten ? undefined : 'It is already as short as can be.'}
            onClick={() => setMode('shorter')}
          >
            <Scissors aria-hidden className="size-4" />
            {request.extension ? 'Extend less' : 'Approve shorter'}
            <KeyCap>s</KeyCap>
          </Button>
          <Button size="large" kind="danger" className="sm:ml-auto" onClick={() => setMode('deny')}>
            <X aria-hidden className="size-4" />
            Deny
            <KeyCap>d</KeyCap>
          </Button>
        </div>
      )}
      {mode === 'shorter' && (
        <ShorterForm
          verb={request.extension ? 'Extend by' : 'Approve for'}
          offered={shorter}
          review={review}
          onBack={back}
        />
      )}
      {mode === 'deny' && <DenyForm review={review} onBack={back} />}
    </div>
  );
}

/** The facts are not those that were read: the old answer is void, and the new facts want to be read. */
function FactsChanged({ onRead }: { onRead: () => void }) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Returns a promise in newer browsers, which must not become the effect's clean-up.
    void notice.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <div
      ref={notice}
      role="alert"
      className="mb-3 flex flex-wrap items-center gap-3 rounded-lg border border-waiting-mark bg-waiting-soft px-4 py-3 text-sm"
    >
      <TriangleAlert aria-hidden className="size-4 shrink-0 text-waiting" />
      <p className="min-w-0 flex-1 text-ink">
        <span className="font-semibold">What this request would open has changed since you read it.</span> The
        page now shows the new facts; nothing was approved.
      </p>
      <Button size="small" onClick={onRead}>
        I have read it again
      </Button>
    </div>
  );
}
