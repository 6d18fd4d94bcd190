import type { AuditSubject, ResourceRef } from '@sallyport/access-domain';
import type { LiveHint } from '../../platform/live-hints/live-hints.ts';
import type { RecordedSession, RecordingRow } from './recording.prisma-store.ts';

/** What events about a recording, or a missing one, are about. */
export function aboutRecording(row: RecordingRow): AuditSubject {
  return { ...aboutSession({ ...row.session, person: row.person, grant: row.grant, grantId: row.grantId }) };
}

/** The same for its session. */
export function aboutSession(
  session: Pick<RecordedSession, 'id' | 'grantId' | 'person' | 'grant' | 'resource'>,
): AuditSubject {
  const { id, grantId, person, grant, resource } = session;
  const seen: ResourceRef = { ...resource, kind: resource.kind as ResourceRef['kind'] };
  return { resources: [seen], subject: person, requestId: grant.requestId, grantId, sessionId: id };
}

/** Whoever sees the session sees whether there is a recording of it. */
export function recordingHint(
  session: { id: string; version: number },
  personId: string,
  now: number,
): LiveHint {
  const audience = { people: [personId], groups: [], roles: ['admin', 'auditor'] };
  return { topic: 'session', id: session.id, version: session.version, at: now, audience };
}
