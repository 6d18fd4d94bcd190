import { Problem } from '@sallyport/problems';
import { parseDuration, writeDuration } from '../output/duration.ts';
import type { Printer } from '../output/printer.ts';
import { clean } from '../output/text.ts';
import { ApiProblem, type AccessRequest, type Resource } from '@sallyport/api-client';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';
import { submitRequest } from './requests.ts';
import { readResource } from './resources.ts';

export interface WishFlags {
  readonly for?: string;
  readonly reason?: string;
  readonly ticket?: string;
  readonly start?: string;
}

export interface Asking {
  readonly world: World;
  readonly server: Server;
  readonly printer: Printer;
}

/**
 * Records a request for the resources named. What is not given by flags is asked for at a terminal; without one a missing reason
 * is REASON_REQUIRED (exit code 2) and a missing time is the policy's default.
 */
export async function askFor(
  asking: Asking,
  names: readonly string[],
  flags: WishFlags,
): Promise<AccessRequest> {
  // Everything that can be wrong about the words is refused before the server is asked for anything.
  const given = flags.for === undefined ? undefined : parseDuration(flags.for);
  const startsAt = flags.start === undefined ? undefined : instantOf(flags.start);
  if (flags.reason === undefined && !asking.world.stdin.isTTY)
    throw new Problem('REASON_REQUIRED', { detail: 'A request needs a reason: add --reason TEXT.' });
  const resources: Resource[] = [];
  for (const name of names) resources.push(await readResource(asking.server, name));
  const refused = resources.find((resource) => !resource.connectable);
  if (refused?.notConnectable) {
    // Told before any question is asked, in the very form the server would refuse in.
    throw refusedAs(refused.name, refused.notConnectable);
  }
  const reason = flags.reason ?? (await askReason(asking, resources));
  const durationSeconds = given ?? (await askDuration(asking, resources));
  return submitRequest(asking.server, {
    resources: names,
    durationSeconds,
    reason,
    ticket: flags.ticket,
    startsAt,
  });
}

function refusedAs(name: string, { code, reason }: { code: string; reason: string }): ApiProblem {
  return new ApiProblem({
    type: `/docs/problems/${code}`,
    title: 'This resource cannot be connected to yet.',
    status: 403,
    detail: `${name}: ${reason}`,
    code,
    kind: 'refused',
    advice: 'See what can be: tunnel ls.',
  });
}

async function askReason({ world }: Asking, resources: readonly Resource[]): Promise<string> {
  const example = resources.map((resource) => resource.rule.reasonExample).find(Boolean);
  const prompts = await world.prompts();
  return prompts.text(example ? `Reason (for example "${clean(example)}")` : 'Reason');
}

async function askDuration({ world }: Asking, resources: readonly Resource[]): Promise<number> {
  const usual = Math.min(...resources.map((resource) => resource.rule.defaultDurationSeconds));
  if (!world.stdin.isTTY) return usual;
  const prompts = await world.prompts();
  return parseDuration(await prompts.text('For how long', { initial: writeDuration(usual) }));
}

function instantOf(text: string): string {
  const instant = Date.parse(text);
  if (Number.isNaN(instant))
    throw new Problem('COMMAND_USAGE', {
      detail: `--start takes an ISO 8601 time, not "${clean(text).slice(0, 40)}".`,
    });
  return new Date(instant).toISOString();
}
