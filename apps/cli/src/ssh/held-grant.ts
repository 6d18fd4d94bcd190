import type { Grant, Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { clean } from '../output/text.ts';
import { awaitDecision, type Waiting } from '../stories/await-decision.ts';
import { grantFor } from '../stories/grant-for.ts';
import { activeGrants } from '../stories/grants.ts';
import { approvedOrProblem, listRequests } from '../stories/requests.ts';

/**
 * The grant for a host, for a program whose standard input belongs to ssh: one that is held, or one that is waited for where a person looks on, or asked for at the
 * terminal that ssh was started from. Refuses with SSH_NOT_GRANTED (how to ask) or REQUEST_WAITING (both exit code 8).
 */
export async function heldGrant(waiting: Waiting, resource: Resource): Promise<Grant> {
  const { server, world } = waiting;
  const { name } = resource;
  const held = await longestHeld(waiting, name);
  if (held) return held;
  const pending = (await listRequests(server, 'mine', ['pending'])).find((request) =>
    request.items.some(({ resource }) => resource.name === name),
  );
  const person = world.stderr.isTTY && !pending ? await world.promptsBeside() : undefined;
  if (person) {
    const stdin = { isTTY: true, readAll: async () => '' };
    const atTerminal = { ...world, stdin, prompts: async () => person };
    await grantFor({ ...waiting, world: atTerminal }, [resource], {}, true);
  } else if (pending) {
    approvedOrProblem(world.stderr.isTTY ? await awaitDecision(waiting, pending) : pending);
  } else {
    throw new Problem('SSH_NOT_GRANTED', {
      detail: `${clean(name)} is not granted to you. Ask for it: tunnel request ${clean(name)} --for 1h --reason "..."`,
    });
  }
  const granted = await longestHeld(waiting, name);
  if (granted) return granted;
  throw new Problem('REQUEST_DENIED', { detail: `${clean(name)} was left out of the approval.` });
}

async function longestHeld({ server }: Waiting, name: string): Promise<Grant | undefined> {
  const grants = (await activeGrants(server)).filter(({ resource }) => resource.name === name);
  return grants.sort((a, b) => Date.parse(b.endsAt) - Date.parse(a.endsAt))[0];
}
