import { entries } from '../catalogue-entry.ts';

export const identity = entries({
  SIGN_IN_REQUIRED: {
    kind: 'unauthenticated',
    title: 'You are not signed in.',
    advice: 'Sign in at the dashboard, or run tunnel login.',
  },
  CREDENTIALS_INVALID: {
    kind: 'unauthenticated',
    title: 'E-mail address or password is wrong.',
    advice: 'Check both and try again.',
  },
  SIGN_IN_LIMITED: {
    kind: 'limited',
    title: 'Too many failed sign-ins.',
    advice: 'Wait the time told and try again.',
  },
  TOKEN_INVALID: {
    kind: 'unauthenticated',
    title: 'The access token is unknown, expired or revoked.',
    advice: 'Run tunnel login, or make a new token in the dashboard.',
  },
  TOKEN_SCOPE_MISSING: {
    kind: 'refused',
    title: 'The access token is not meant for this.',
    advice: 'Use a token with the scope named.',
  },
  TOKEN_CANNOT_MAKE_TOKENS: {
    kind: 'refused',
    title: 'An access token cannot make access tokens.',
    advice: 'Sign in at the dashboard and make it there.',
  },
  TOKEN_UNKNOWN: {
    kind: 'missing',
    title: 'There is no such access token of yours.',
    advice: 'List your tokens to see which there are.',
  },
  TOKEN_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'You have as many active access tokens as one person may.',
    advice: 'Revoke one that you no longer need.',
  },
  ACCOUNTS_FILE_INVALID: {
    kind: 'invalid',
    title: 'The file of accounts cannot be used.',
    advice: 'Mend the fields named, or remove the file and start again.',
  },
  PERSON_UNKNOWN: {
    kind: 'missing',
    title: 'Nobody of this e-mail address has signed in here.',
    advice: 'Check the address; people are known from their first sign-in.',
  },
  GROUP_OF_ONESELF: {
    kind: 'refused',
    title: 'Nobody puts themselves into a group.',
    advice: 'Ask another administrator.',
  },
  ROLE_MISSING: {
    kind: 'refused',
    title: 'Your role does not permit this.',
    advice: 'Ask an administrator.',
  },
});
