import type { SessionRecording } from '../../api/contract.ts';
import { durationInWords } from '../../clock/durations.ts';

const purposes: Record<SessionRecording['purpose'], string> = {
  port: 'Port',
  ssh: 'SSH',
  shell: 'Shell',
  command: 'Command',
  interactive: 'Command in a terminal',
};

export function purposeInWords(purpose: SessionRecording['purpose']): string {
  return purposes[purpose];
}

/** How long it took; undefined where its client did not tell the end. */
export function lengthOf({
  startedAt,
  endedAt,
}: Pick<SessionRecording, 'startedAt' | 'endedAt'>): string | undefined {
  if (endedAt === null) return undefined;
  return durationInWords((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000);
}
