import { entries } from '../catalogue-entry.ts';

export const store = entries({
  STATE_CHANGED_MEANWHILE: {
    kind: 'conflict',
    title: 'Somebody else changed this at the same moment.',
    advice: 'Read it again and repeat the command if it still makes sense.',
  },
  STATE_CHANGE_FORBIDDEN: {
    kind: 'conflict',
    title: 'The database refused the change.',
    advice: 'Read it again; the detail names the rule.',
  },
  POLICIES_INVALID: {
    kind: 'invalid',
    title: 'The file of policies is not valid.',
    advice: 'Mend the fields named and start again.',
  },
  PAGE_CURSOR_INVALID: {
    kind: 'invalid',
    title: 'The cursor is not one of ours.',
    advice: 'Take the cursor from the previous page, or leave it out.',
  },
  FILTER_INVALID: {
    kind: 'invalid',
    title: 'The filter is not valid.',
    advice: 'See /api/openapi.json for what can be filtered.',
  },
  LEASE_SETTLED: {
    kind: 'conflict',
    title: 'How this lease came out is known already.',
    advice: 'Ask for a new lease.',
  },
  SESSION_NOT_SILENT: {
    kind: 'conflict',
    title: 'The session has been heard of lately.',
    advice: 'Read it again.',
  },
});
