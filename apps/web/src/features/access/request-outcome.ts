import type { AccessRequest } from '../../api/contract.ts';
import { durationInWords } from '../../clock/durations.ts';

export interface RequestOutcome {
  tone: 'waiting' | 'granted' | 'denied' | 'ended';
  /** The state as one word. */
  word: string;
  /** The state as a sentence that names who answered. */
  sentence: string;
  comment: string | null;
}

/** How much time is asked for: `1 h`, or `30 min more` on a grant that stands. */
export function wishedTime({ durationSeconds, extension }: AccessRequest): string {
  const time = durationInWords(durationSeconds);
  return extension ? `${time} more` : time;
}

/** How a request stands, in words. Pure. */
export function requestOutcome(request: AccessRequest): RequestOutcome {
  const last = request.reviews.at(-1);
  const by = last?.automatic ? 'by the policy' : `by ${last?.reviewer?.name ?? 'a reviewer'}`;
  const comment = last?.comment ?? null;
  switch (request.state) {
    case 'pending': {
      const reviewers = request.reviewers.join(', ') || 'the reviewers';
      return {
        tone: 'waiting',
        word: 'Waiting',
        sentence: `Waiting for one of ${reviewers}.`,
        comment: null,
      };
    }
    case 'approved':
      return { tone: 'granted', word: 'Approved', sentence: `Approved ${by}.`, comment };
    case 'denied':
      return { tone: 'denied', word: 'Denied', sentence: `Denied ${by}.`, comment };
    case 'cancelled':
      return {
        tone: 'ended',
        word: 'Cancelled',
        sentence: 'Cancelled before anybody answered.',
        comment: null,
      };
    case 'lapsed':
      return {
        tone: 'ended',
        word: 'Lapsed',
        sentence: request.extension ? 'The grant ended before anybody answered.' : 'Nobody answered in time.',
        comment: null,
      };
  }
}
