import type { AccessRequest, Grant, Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { clean } from '../output/text.ts';
import { sayDuration } from '../output/duration.ts';
import { askFor, type WishFlags } from './ask-for.ts';
import { awaitDecision, type Waiting } from './await-decision.ts';
import { activeGrants } from './grants.ts';
import { approvedOrProblem, listRequests, readRequest } from './requests.ts';

/**
 * An active grant for each resource: one that is held already, else by way of a request (one that waits already, else a new one). With `wait` off a
 * missing grant is REQUEST_WAITING (exit code 8).
 */
export async function grantFor(
  waiting: Waiting,
  resources: readonly Resource[],
  wish: WishFlags,
  wait: boolean,
): Promise<ReadonlyMap<string, Grant>> {
  const held = await grantsByResource(waiting);
  const missing = resources.filter((resource) => !held.has(resource.name));
  if (missing.length === 0) return held;
  for (const request of await requestsFor(waiting, missing, wish)) {
    // Somebody may have decided between our two questions.
    const decided = request.state === 'pending' && wait ? await awaitDecision(waiting, request) : request;
    approvedOrProblem(decided);
  }
  const now = await grantsByResource(waiting);
  const still = resources.find((resource) => !now.has(resource.name));
  if (still)
    throw new Problem('REQUEST_DENIED', { detail: `${clean(still.name)} was left out of the approval.` });
  return now;
}

async function grantsByResource({ server }: Waiting): Promise<ReadonlyMap<string, Grant>> {
  const grants = await activeGrants(server);
  // The grant that lasts longest serves best.
  const sorted = [...grants].sort((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt));
  return new Map(sorted.map((grant) => [grant.resource.name, grant]));
}

/** The requests that stand for the missing resources: waiting ones, and one new one for the rest. */
async function requestsFor(
  waiting: Waiting,
  missing: readonly Resource[],
  wish: WishFlags,
): Promise<readonly AccessRequest[]> {
  const { server, printer } = waiting;
  const pending = await listRequests(server, 'mine', ['pending']);
  const names = new Set(missing.map((resource) => resource.name));
  const standing = pending.filter((request) => request.items.some((item) => names.has(item.resource.name)));
  for (const { resource } of standing.flatMap((request) => request.items)) names.delete(resource.name);
  if (names.size === 0) return standing;
  const asked = [...names];
  if (!printer.json && wish.reason === undefined && waiting.world.stdin.isTTY)
    printer.say(
      `${asked.map(clean).join(', ')} ${asked.length === 1 ? 'is' : 'are'} not granted to you. Ask for it?`,
    );
  const request = await askFor(waiting, asked, wish);
  if (!printer.json)
    printer.done(
      `asked for ${asked.map(clean).join(', ')} for ${sayDuration(request.durationSeconds)} (${request.id})`,
    );
  return [...standing, await readRequest(server, request.id)];
}
