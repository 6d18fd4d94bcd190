'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { hasCode } from '../../api/problem-of.ts';
import { recordReview, type NewReview } from '../../api/commands.ts';
import type { AccessRequest } from '../../api/contract.ts';
import { durationInWords } from '../../clock/durations.ts';
import { useNotice } from '../../design/notices.tsx';
import { noteAnswer } from './use-settled.ts';

/** What the foot of a request needs to answer it. */
export interface Reviewing {
  approve: (narrowed?: { durationSeconds?: number; comment?: string }) => void;
  deny: (comment: string) => void;
  isPending: boolean;
  error: Error | null;
  /** The facts on the screen are others than those the person had before them; answers are held until they are read. */
  changed: boolean;
  acknowledge: () => void;
}

/**
 * Answers a request with the digest of the facts that were read. When other facts arrive, from the live channel or from
 * the server's refusal, the answer is held until the person says that these were read too.
 */
export function useReview(request: AccessRequest, onAnswered: () => void): Reviewing {
  const client = useQueryClient();
  const notice = useNotice();
  const [readDigest, setReadDigest] = useState(request.factsDigest);
  const refresh = () => {
    for (const noun of ['requests', 'me', 'resources', 'grants'])
      void client.invalidateQueries({ queryKey: [noun] });
  };
  const sending = useMutation({
    mutationFn: (review: NewReview) => recordReview(request.id, review),
    onSuccess: (answered, review) => {
      client.setQueryData(['requests', 'one', request.id], answered);
      noteAnswer();
      onAnswered();
      refresh();
      const names = answered.items.map((item) => item.resource.name).join(', ');
      const time = durationInWords(review.durationSeconds ?? request.durationSeconds);
      if (review.verdict === 'deny') notice(`Denied ${names} for ${request.requester.name}`);
      else if (request.extension) notice(`Extended ${names} for ${request.requester.name}`, `By ${time}.`);
      else notice(`Approved ${names} for ${request.requester.name}`, `For ${time}, counted from now.`);
    },
    onError: (error) => {
      // The refusal is proof that what was read is no longer what would be approved, whatever the cache still holds.
      if (hasCode(error, 'REVIEW_DIGEST_MISMATCH')) setReadDigest(null);
      refresh();
    },
  });
  const changed = request.factsDigest !== readDigest;
  const answer = (review: Omit<NewReview, 'factsDigest'>) => {
    if (changed || readDigest === null || sending.isPending) return;
    sending.mutate({ ...review, factsDigest: readDigest });
  };
  return {
    approve: (narrowed = {}) =>
      answer({
        verdict: 'approve',
        durationSeconds: narrowed.durationSeconds,
        comment: narrowed.comment?.trim() || undefined,
      }),
    deny: (comment) => answer({ verdict: 'deny', comment }),
    isPending: sending.isPending,
    error: sending.error,
    changed,
    acknowledge: () => {
      sending.reset();
      setReadDigest(request.factsDigest);
    },
  };
}
