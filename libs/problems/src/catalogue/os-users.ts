import { entries } from '../catalogue-entry.ts';

export const osUsers = entries({
  OS_USERS_NOT_MANAGED: {
    kind: 'refused',
    title: 'The accounts of this gateway are not made by Sallyport.',
    advice: 'Give the gateway `accounts` in the catalogue, or name another one.',
  },
  OS_USERS_PLAN_CHANGED: {
    kind: 'conflict',
    title: 'The plan is not the one that was shown: a host or the group has changed.',
    advice: 'Look at the plan again, and apply what it shows now.',
  },
  OS_USERS_HOST_UNREADY: {
    kind: 'unavailable',
    title: 'A host cannot tell or change its accounts.',
    advice: 'Look at the host: its agent, its tools (useradd, usermod, pkill) and the document jit-os-users.',
  },
  OS_USERS_FACTS_UNREADABLE: {
    kind: 'unavailable',
    title: 'What a host told of its accounts is not whole, or not of its form.',
    advice: 'Look at the output of the command in Systems Manager; a host may have too many accounts for it.',
  },
  OS_USERS_STEP_FAILED: {
    kind: 'unavailable',
    title: 'A host did not do everything that was to be done.',
    advice: 'Look at the plan again: it shows what is left.',
  },
});
