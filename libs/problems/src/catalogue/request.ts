import { entries } from '../catalogue-entry.ts';

export const request = entries({
  REQUEST_UNKNOWN: {
    kind: 'missing',
    title: 'There is no such request, or it is not yours to see.',
    advice: 'See `tunnel requests` for those you may see.',
  },
  REQUEST_NOT_PENDING: {
    kind: 'conflict',
    title: 'The request no longer waits for an answer.',
    advice: 'Read it again to see how it was decided.',
  },
  REQUEST_ALREADY_OPEN: {
    kind: 'conflict',
    title: 'You have asked for this resource and wait for the answer.',
    advice: 'Wait for the answer, or cancel that request first.',
  },
  REQUEST_NOT_ALLOWED: {
    kind: 'refused',
    title: 'No policy lets you ask for this resource.',
    advice: 'Ask an administrator which group may.',
  },
  REQUEST_ENCRYPTION_DEMANDED: {
    kind: 'refused',
    title: 'The policy demands sessions that are encrypted with a KMS key, and AWS encrypts no ports so.',
    advice: 'Ask for a shell whose sessions are encrypted, or ask an administrator about the policy.',
  },
  REQUEST_RECORDING_DEMANDED: {
    kind: 'refused',
    title: 'The policy demands that the client records what is shown, and that cannot be recorded here.',
    advice: 'Ask for a shell, or ask an administrator about the policy and the key of the auditors.',
  },
  REQUEST_REACHES_EVERYTHING: {
    kind: 'refused',
    title: 'This network would open everything that its gateway reaches, and no policy allows that.',
    advice:
      'Ask for single resources; an administrator can install the agent, or PermitOpen, on the gateway.',
  },
  REQUEST_DURATION_TOO_LONG: {
    kind: 'invalid',
    title: 'The duration is longer than the policy allows.',
    advice: 'Ask for a shorter time; you can ask again when it ends.',
  },
  REQUEST_ITEMS_INVALID: {
    kind: 'invalid',
    title: 'The list of resources is not valid.',
    advice: 'Name each resource once.',
  },
  REQUEST_WITHOUT_COMMON_REVIEWER: {
    kind: 'invalid',
    title: 'No group may answer for all of these resources.',
    advice: 'Ask for the resources one by one.',
  },
  REQUEST_POLICY_CHANGED: {
    kind: 'refused',
    title: 'The policies in force no longer admit this request.',
    advice: 'Deny it, or approve what the policies still admit; the requester can ask anew.',
  },
  REQUEST_LIMITED: {
    kind: 'limited',
    title: 'You have asked too often in the last hour.',
    advice: 'Wait the time told and try again.',
  },
  DURATION_INVALID: {
    kind: 'invalid',
    title: 'The duration is not valid.',
    advice: 'Give a duration such as 30m or 2h.',
  },
  REASON_REQUIRED: {
    kind: 'invalid',
    title: 'A reason is required.',
    advice: 'Say why, for example with the number of the ticket.',
  },
  REASON_TOO_LONG: {
    kind: 'invalid',
    title: 'The reason is too long.',
    advice: 'Shorten it to at most 500 characters.',
  },
  TICKET_TOO_LONG: {
    kind: 'invalid',
    title: 'The ticket is too long.',
    advice: 'Give the number of the ticket only.',
  },
  START_INVALID: {
    kind: 'invalid',
    title: 'The start is not valid.',
    advice: 'Give a time from now on, at most 30 days ahead, or leave it out.',
  },
});
