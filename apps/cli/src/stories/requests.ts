import { Problem } from '@sallyport/problems';
import { sayDuration, sayMoment } from '../output/duration.ts';
import type { Paint } from '../output/paint.ts';
import type { Column } from '../output/table.ts';
import { clean } from '../output/text.ts';
import type { AccessRequest, Resource } from '@sallyport/api-client';
import { reachedLines } from '../output/reached.ts';
import type { Server } from '../server/server.ts';

export interface Wish {
  readonly resources: readonly string[];
  readonly durationSeconds: number;
  readonly reason: string;
  readonly ticket?: string;
  readonly startsAt?: string;
}

export const submitRequest = (server: Server, wish: Wish) =>
  server.api.submitAccessRequest({ ...wish, resources: [...wish.resources] });

export const readRequest = (server: Server, id: string, signal?: AbortSignal) =>
  server.api.readAccessRequest(id, { signal });

export async function listRequests(
  server: Server,
  view: 'mine' | 'to-review' | 'all',
  states?: readonly AccessRequest['state'][],
): Promise<readonly AccessRequest[]> {
  return (await server.api.listAccessRequests({ view, ...(states ? { state: states.join(',') } : {}) }))
    .items;
}

export const cancelRequest = (server: Server, id: string) => server.api.cancelAccessRequest(id);

export interface Judgement {
  readonly verdict: 'approve' | 'deny';
  readonly comment?: string;
  readonly only?: readonly string[];
  readonly durationSeconds?: number;
}

/** Reads the facts, then answers bound to their digest: what was shown is what is approved. */
export async function reviewRequest(
  server: Server,
  request: AccessRequest,
  judgement: Judgement,
): Promise<AccessRequest> {
  return await server.api.recordReview(request.id, {
    ...judgement,
    only: judgement.only ? [...judgement.only] : undefined,
    // The server refuses a reviewer who may not see the facts by its own code; an empty digest never matches.
    factsDigest: request.factsDigest ?? '',
  });
}

/** Throws what an undecided or refused request means for the caller; returns an approved one. */
export function approvedOrProblem(request: AccessRequest): AccessRequest {
  const review = request.reviews.at(-1);
  const by = review?.reviewer ? ` by ${review.reviewer.email}` : '';
  const said = review?.comment ? `: "${clean(review.comment)}"` : '';
  const names = request.items.map((item) => item.resource.name).join(', ');
  switch (request.state) {
    case 'approved':
      return request;
    case 'denied':
      throw new Problem('REQUEST_DENIED', { detail: `${names} was denied${by}${said}.` });
    case 'lapsed':
      throw new Problem('REQUEST_LAPSED', { detail: `Nobody answered the request for ${names} in time.` });
    case 'cancelled':
      throw new Problem('REQUEST_WITHDRAWN', { detail: `The request for ${names} was cancelled.` });
    default:
      throw new Problem('REQUEST_WAITING', {
        detail: `The request for ${names} waits for ${waitingFor(request)}.`,
      });
  }
}

/** Who may answer, and how long it usually takes. */
export function waitingFor(request: AccessRequest): string {
  const usual =
    request.usualWaitSeconds === null
      ? ''
      : ` (usually answered in ${sayDuration(request.usualWaitSeconds)})`;
  return `1 of ${request.reviewers.join(', ') || 'nobody'}${usual}`;
}

export function requestColumns(now: number): readonly Column<AccessRequest>[] {
  return [
    { title: 'ID', value: (r) => r.id },
    {
      title: 'STATE',
      value: (r) => r.state,
      paint: (r, text, paint) =>
        r.state === 'approved'
          ? paint.good(text)
          : r.state === 'pending'
            ? paint.waiting(text)
            : r.state === 'denied'
              ? paint.bad(text)
              : paint.dim(text),
    },
    { title: 'RESOURCES', value: (r) => r.items.map((item) => item.resource.name).join(', '), give: true },
    { title: 'FOR', value: (r) => `${r.extension ? '+' : ''}${sayDuration(r.durationSeconds)}`, right: true },
    { title: 'BY', value: (r) => r.requester.email, give: true },
    { title: 'AGE', value: (r) => sayDuration((now - Date.parse(r.createdAt)) / 1000), right: true },
    { title: 'REASON', value: (r) => r.reason, give: true },
  ];
}

function howLong({ durationSeconds, startsAt, extension }: AccessRequest): string {
  const time = sayDuration(durationSeconds);
  if (extension)
    return `${time} more: ends ${sayMoment(extension.endsAt)} now, ${sayMoment(extension.until)} then (${extension.grantId})`;
  return `${time} ${startsAt ? `from ${sayMoment(startsAt)}` : 'from approval'}`;
}

type Item = NonNullable<AccessRequest['facts']>['items'][number];

/** One destination, a host and what may be run there, or a whole network with who holds people to it. */
function whatLines({ resource, reach, network, ssh, shell, gateway }: Item): string[] {
  const database = reach.database ? `, database ${reach.database} as ${reach.databaseRole ?? '?'}` : '';
  const [first, ...more] = reachedLines({ ...reach, network, ssh, shell, gateway });
  const kept = shell ? [keptText(shell)] : [];
  return [
    `  what      ${clean(resource.name)}: ${clean(first + database)}`,
    ...[...more, ...kept].map((line) => `            ${clean(line)}`),
  ];
}

/** How the sessions of a shell are kept. */
function keptText({ encrypted, logs, clientRecording }: NonNullable<Resource['shell']>): string {
  const place = logs?.to === 's3' ? `s3://${logs.place}/${logs.prefix ?? ''}` : logs?.place;
  return [
    encrypted ? 'encrypted by KMS' : 'not encrypted by KMS',
    place === undefined ? 'not logged' : `logged to ${place}`,
    clientRecording ? 'recorded by the client' : 'not recorded by the client',
  ].join(', ');
}

/** What exactly would become reachable, in the order a careful person asks: who, what, why, how long. */
export function factsText(request: AccessRequest, paint: Paint): string {
  const { facts } = request;
  const lines = [
    `${paint.bold(request.id)}  ${request.state}`,
    `  who       ${clean(request.requester.name)} <${clean(request.requester.email)}>${facts ? `, ${facts.requester.groups.map(clean).join(', ')}` : ''}`,
    `  why       "${clean(request.reason)}"${request.ticket ? `  ticket ${clean(request.ticket)}` : ''}`,
    `  how long  ${howLong(request)}`,
  ];
  for (const item of facts?.items ?? []) {
    lines.push(
      ...whatLines(item),
      `            through ${clean(item.gateway.instanceId ?? 'no gateway')} in ${clean(item.account.name)} ${clean(item.region)}, document ${clean(item.document.name)}`,
      `            ${clean(item.adds)}`,
      `            ${clean(item.recording.statement)}`,
    );
  }
  if (facts)
    lines.push(`  history   asked ${facts.history.asked30d} times in 30 days, used ${facts.history.used30d}`);
  return lines.join('\n');
}
