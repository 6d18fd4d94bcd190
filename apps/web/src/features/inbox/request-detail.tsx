'use client';
import { Quote } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AccessRequest, Facts } from '../../api/contract.ts';
import { absoluteTime, durationInWords } from '../../clock/durations.ts';
import { Chip } from '../../design/chip.tsx';
import { cn } from '../../design/cn.ts';
import { Face } from '../../design/face.tsx';
import { Panel } from '../../design/panel.tsx';
import { ClockTime, Moment } from '../../design/times.tsx';
import { useKeys } from '../../shell/use-keys.ts';
import { requestOutcome } from '../access/request-outcome.ts';
import { Decision } from './decision.tsx';
import { ReachPanel } from './reach-panel.tsx';
import { historySentence } from './reach-sentence.ts';

/** One request, read top down in the order a careful person asks; the answer stands at the foot. */
export function RequestDetail({ request, onAnswered }: { request: AccessRequest; onAnswered: () => void }) {
  const [policyOpen, setPolicyOpen] = useState(false);
  useKeys({ p: () => setPolicyOpen((open) => !open) });
  const { facts } = request;
  return (
    <article aria-label={`Request of ${request.requester.name}`}>
      <Panel className="overflow-visible">
        <Who request={request} facts={facts} />
        <div className="space-y-5 px-5 py-5">
          {facts?.items.map((item) => (
            <ReachPanel
              key={item.resource.id}
              item={item}
              stands={Boolean(request.extension)}
              policyOpen={policyOpen}
              onPolicy={() => setPolicyOpen((open) => !open)}
            />
          ))}
          <Why request={request} />
          <HowLong request={request} facts={facts} />
        </div>
        <Decision request={request} onAnswered={onAnswered} />
      </Panel>
    </article>
  );
}

function Who({ request, facts }: { request: AccessRequest; facts: Facts | null }) {
  const { requester } = request;
  const groups = facts?.requester.groups ?? [];
  const outcome = requestOutcome(request);
  return (
    <header className="flex items-center gap-4 border-b border-line px-5 py-4">
      <Face name={requester.name} className="size-10 text-sm" />
      <div className="min-w-0 flex-1">
        <h2 className="text-lg font-semibold tracking-tight text-ink">
          {requester.name} {askingSentence(request)}
        </h2>
        <p className="truncate text-sm text-ink-2">
          {requester.email}
          {groups.length > 0 && ` · in ${groups.join(', ')}`}
          {' · '}
          <Moment at={request.createdAt} />
        </p>
      </div>
      {request.state !== 'pending' && <Chip tone={outcome.tone}>{outcome.word}</Chip>}
    </header>
  );
}

/** The only text on the page that the requester wrote: shown as a quotation, never as anything else. */
function Why({ request }: { request: AccessRequest }) {
  return (
    <section>
      <h3 className="mb-1.5 text-xs font-semibold text-ink-2">Why</h3>
      <figure className="flex gap-3 rounded-md border-l-2 border-line-strong bg-sunken px-4 py-3">
        <Quote aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-3" />
        <div className="min-w-0">
          <blockquote className="text-base whitespace-pre-wrap text-ink wrap-anywhere">
            {request.reason || <em className="text-ink-2">No reason was given.</em>}
          </blockquote>
          <figcaption className="mt-1 text-xs text-ink-2">
            written by {request.requester.name}
            {request.ticket && `, ticket ${request.ticket}`}
          </figcaption>
        </div>
      </figure>
    </section>
  );
}

/** `asks for prod-rds`, or `asks to extend prod-rds by 30 min`. */
function askingSentence({ items, extension, durationSeconds }: AccessRequest): string {
  const names = items.map((item) => item.resource.name).join(', ');
  return extension ? `asks to extend ${names} by ${durationInWords(durationSeconds)}` : `asks for ${names}`;
}

function HowLong({ request, facts }: { request: AccessRequest; facts: Facts | null }) {
  const { extension } = request;
  const time = durationInWords(request.durationSeconds);
  const rows: { name: string; value: ReactNode }[] = [
    ...(extension
      ? [
          { name: 'How much more', value: time },
          { name: 'Ends now', value: <ClockTime at={extension.endsAt} /> },
          { name: 'Would end', value: <ClockTime at={extension.until} className="font-semibold" /> },
          {
            name: 'In all',
            value: durationInWords((Date.parse(extension.until) - Date.parse(extension.startedAt)) / 1_000),
          },
        ]
      : [
          { name: 'How long', value: time },
          {
            name: 'From',
            value: request.startsAt ? absoluteTime(request.startsAt) : 'the moment of approval',
          },
        ]),
    ...(facts ? [{ name: 'History', value: historySentence(facts.history) }] : []),
  ];
  return (
    <dl
      className={cn('grid grid-cols-2 gap-4', extension ? 'sm:grid-cols-5' : 'sm:grid-cols-[1fr_1fr_auto]')}
    >
      {rows.map((row) => (
        <div key={row.name}>
          <dt className="text-xs font-semibold text-ink-2">{row.name}</dt>
          <dd className="mt-0.5 text-sm text-ink">{row.value}</dd>
        </div>
      ))}
    </dl>
  );
}
