import { entries } from '../catalogue-entry.ts';

export const review = entries({
  REVIEW_BY_REQUESTER: {
    kind: 'refused',
    title: 'Nobody answers their own request.',
    advice: 'Wait for somebody else of the reviewing groups.',
  },
  REVIEW_NOT_ALLOWED: {
    kind: 'refused',
    title: 'You may not answer this request.',
    advice: 'Leave it to the groups that the request names.',
  },
  REVIEW_DIGEST_MISMATCH: {
    kind: 'conflict',
    title: 'What would become reachable has changed since it was shown.',
    advice: 'Read the request again and decide on what it shows now.',
  },
  REVIEW_COMMENT_REQUIRED: {
    kind: 'invalid',
    title: 'A denial needs a comment.',
    advice: 'Say why, so that the person knows what to change.',
  },
  REVIEW_COMMENT_TOO_LONG: {
    kind: 'invalid',
    title: 'The comment is too long.',
    advice: 'Shorten it to at most 500 characters.',
  },
  REVIEW_ITEM_UNKNOWN: {
    kind: 'invalid',
    title: 'The request does not hold that resource.',
    advice: 'Name resources of the request, or none to approve all.',
  },
  REVIEW_DURATION_INVALID: {
    kind: 'invalid',
    title: 'The duration of the approval is not valid.',
    advice: 'Approve for as long as asked or shorter.',
  },
});
