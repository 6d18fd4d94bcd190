import { Problem } from '@sallyport/problems';
import { ApiProblem, type Resource } from '@sallyport/api-client';

import type { Server } from '../server/server.ts';
import { sayClock, sayDuration } from '../output/duration.ts';
import { reachedLines } from '../output/reached.ts';
import { nearest } from '../output/nearest.ts';
import type { Paint } from '../output/paint.ts';
import { awsCliLines } from '../output/session-policy.ts';
import type { Column } from '../output/table.ts';
import { clean, wrapped } from '../output/text.ts';
import { useLine } from './usage.ts';

/** What the person may see. Refuses a tag that is not `k=v`. */
export async function listResources(server: Server, tags: readonly string[]): Promise<readonly Resource[]> {
  for (const tag of tags)
    if (!/^[^=]+=/u.test(tag))
      throw new Problem('COMMAND_USAGE', { detail: `--tag takes KEY=VALUE, not "${clean(tag)}".` });
  const [first, ...others] = tags;
  const { items } = await server.api.listResources(first === undefined ? {} : { tag: first });
  // The server takes one tag; the others narrow its answer.
  return items.filter((resource) =>
    others.every((tag) => resource.tags[tag.slice(0, tag.indexOf('='))] === tag.slice(tag.indexOf('=') + 1)),
  );
}

/** One resource by name. Refuses an unknown one with RESOURCE_UNKNOWN and the nearest name the person may see. */
export async function readResource(server: Server, name: string, signal?: AbortSignal): Promise<Resource> {
  try {
    return await server.api.readResource(name, { signal });
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.document.kind !== 'missing') throw error;
    const near = nearest(
      name,
      (await listResources(server, [])).map((resource) => resource.name),
    );
    const detail = `There is no resource "${clean(name).slice(0, 60)}" that you may see`;
    throw new ApiProblem({
      ...error.document,
      detail: near ? `${detail}; did you mean ${near}?` : `${detail}.`,
      advice: 'See what there is: tunnel ls.',
    });
  }
}

/** What the person has on a resource, in a word or two. */
export function mineText(resource: Resource, now: number): string {
  if (!resource.connectable) return 'not connectable yet';
  const { state, endsAt } = resource.mine;
  const left = endsAt ? ` ${sayClock((Date.parse(endsAt) - now) / 1000)}` : '';
  return state === 'none' ? '' : state === 'waiting' ? 'waiting' : state + left;
}

export function resourceColumns(now: number): readonly Column<Resource>[] {
  return [
    { title: 'NAME', value: (r) => r.name },
    { title: 'KIND', value: (r) => r.kind },
    { title: 'ENVIRONMENT', value: (r) => r.environment },
    { title: 'REACHES', value: (r) => reachedLines(r)[0], give: true },
    { title: 'ACCOUNT', value: (r) => `${r.account.name} ${r.region}`, give: true, spare: true },
    { title: 'AT MOST', value: (r) => sayDuration(r.rule.maxDurationSeconds), right: true },
    {
      title: 'MINE',
      value: (r) => mineText(r, now),
      paint: (r, text, paint) =>
        !r.connectable || r.mine.state === 'none'
          ? paint.dim(text)
          : r.mine.state === 'waiting'
            ? paint.waiting(text)
            : paint.good(text),
    },
  ];
}

/** Where the values of facts begin. */
const factIndent = 14;

/** A resource for a person, one fact per line; of a terminal of this width longer ones are broken. */
export function resourceText(resource: Resource, now: number, paint: Paint, width?: number): string {
  const { rule } = resource;
  const reviewers = rule.reviewers.join(', ') || 'nobody';
  const wait =
    rule.usualWaitSeconds === null ? '' : ` (usually answered in ${sayDuration(rule.usualWaitSeconds)})`;
  const facts: [string, string][] = [
    [
      'what',
      [
        resource.description.replace(/\.$/u, ''),
        resource.database && `database ${resource.database.name}, role ${resource.database.role}`,
      ]
        .filter(Boolean)
        .join('; '),
    ],
    ...reachedLines(resource).map((line, index): [string, string] => [index === 0 ? 'reaches' : '', line]),
    [
      'through',
      `${resource.gateway.instanceId ?? 'no gateway'} (${resource.gateway.state}), ${resource.account.name} ${resource.account.id}, ${resource.region}`,
    ],
    ['for', `at most ${sayDuration(rule.maxDurationSeconds)}${rule.reasonRequired ? ', with a reason' : ''}`],
    ['approved by', rule.autoApproved ? `policy ${rule.policy}, at once` : `${reviewers}${wait}`],
    ['recorded', resource.recording.statement],
    ['mine', mineText(resource, now) || 'nothing'],
  ];
  if (resource.notConnectable)
    facts.push(['refused', `${resource.notConnectable.reason} (${resource.notConnectable.code})`]);
  // For the AWS CLI, with the credentials of `tunnel creds`; never broken, to be copied.
  const aws = awsCliLines(resource).map((line, index) => factLine(index === 0 ? 'aws ssm' : '', line, paint));
  const next = resource.connectable ? [useLine(resource)] : [];
  return [
    `${paint.bold(clean(resource.name))}  ${clean(resource.title)}`,
    ...facts.flatMap(([name, value]) =>
      wrapped(clean(value), width === undefined ? undefined : width - factIndent).map((line, index) =>
        factLine(index === 0 ? name : '', line, paint),
      ),
    ),
    ...aws,
    ...next,
  ].join('\n');
}

function factLine(name: string, value: string, paint: Paint): string {
  return `  ${paint.dim(name.padEnd(factIndent - 2))}${clean(value)}`;
}
