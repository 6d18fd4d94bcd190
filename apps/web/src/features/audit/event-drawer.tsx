'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { AuditEvent } from '../../api/contract.ts';
import { meQuery, type AuditFilters } from '../../api/queries.ts';
import { absoluteTime } from '../../clock/durations.ts';
import { Id } from '../../design/id.tsx';
import { Sheet } from '../../design/sheet.tsx';

interface EventDrawerProps {
  event: AuditEvent | undefined;
  onClose: () => void;
  onFilter: (filters: AuditFilters) => void;
}

/** All of one event: when, who, its place in the order, what it belongs to, and the JSON. */
export function EventDrawer({ event, onClose, onFilter }: EventDrawerProps) {
  return (
    <Sheet
      as="drawer"
      open={event !== undefined}
      onClose={onClose}
      title={event?.sentence}
      about={event?.type}
    >
      {event && <EventDetail event={event} onFilter={onFilter} />}
    </Sheet>
  );
}

function EventDetail({ event, onFilter }: { event: AuditEvent; onFilter: (filters: AuditFilters) => void }) {
  const { actor, resource, requestId, grantId, leaseId, sessionId } = event;
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  const recording = me?.roles.includes('auditor') ? recordingOf(event) : undefined;
  return (
    <>
      <dl className="space-y-2 text-sm">
        <Row name="When">{absoluteTime(event.at)}</Row>
        <Row name="Who">
          {actor.email ? (
            <FilterLink onClick={() => onFilter({ person: actor.email ?? undefined })}>
              {actor.email}
            </FilterLink>
          ) : (
            actor.name
          )}
        </Row>
        <Row name="Position">{event.position}</Row>
        {resource && (
          <Row name="Resource">
            <FilterLink onClick={() => onFilter({ resource: resource.name })}>{resource.name}</FilterLink>
          </Row>
        )}
        {requestId && (
          <Row name="Request">
            <FilterLink onClick={() => onFilter({ request: requestId })}>
              <Id value={requestId} />
            </FilterLink>
          </Row>
        )}
        {grantId && (
          <Row name="Grant">
            <FilterLink onClick={() => onFilter({ grant: grantId })}>
              <Id value={grantId} />
            </FilterLink>
          </Row>
        )}
        {leaseId && (
          <Row name="Lease">
            <Id value={leaseId} className="font-mono text-xs" />
          </Row>
        )}
        {sessionId && (
          <Row name="Session">
            <Id value={sessionId} className="font-mono text-xs" />
          </Row>
        )}
        {recording && (
          <Row name="Recording">
            <Link
              href={`/recordings?${recording}`}
              className="rounded-sm font-medium text-accent underline decoration-accent/40 underline-offset-2 hover:decoration-accent"
            >
              {recording.startsWith('recording=') ? 'Open it' : 'Of this session'}
            </Link>
          </Row>
        )}
      </dl>
      <h3 className="mt-5 mb-1.5 text-xs font-semibold text-ink-2">As recorded</h3>
      <pre
        tabIndex={0}
        aria-label="The event as JSON"
        className="overflow-x-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs leading-5 text-ink"
      >
        {JSON.stringify(event, null, 2)}
      </pre>
    </>
  );
}

/** Where the recording stands that an event is about, as the query of an address. */
function recordingOf({ type, details, sessionId }: AuditEvent): string | undefined {
  const { recordingId } = details;
  if (typeof recordingId === 'string') return `recording=${encodeURIComponent(recordingId)}`;
  const ofSession = sessionId !== null && type.startsWith('session.');
  return ofSession ? `session=${encodeURIComponent(sessionId)}` : undefined;
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[6rem_1fr] gap-3">
      <dt className="text-ink-2">{name}</dt>
      <dd className="min-w-0 text-ink wrap-anywhere">{children}</dd>
    </div>
  );
}

function FilterLink({ children, onClick }: { children: ReactNode; onClick: () => void }) {
  return (
    <button
      type="button"
      title="Show everything about it"
      onClick={onClick}
      className="rounded-sm font-medium text-accent underline decoration-accent/40 underline-offset-2 hover:decoration-accent"
    >
      {children}
    </button>
  );
}
