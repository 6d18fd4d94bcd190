import { createHash, randomUUID } from 'node:crypto';
import type { SessionRecording } from '@sallyport/api-client';
import { RecordingWriter, type RecordingSink } from '@sallyport/recording';
import { grantOf, sessionOn } from './scenario.ts';
import { isoIn, people, ref, type World } from './world.ts';

/** A recording with its encrypted file. */
export interface StubRecording {
  recording: SessionRecording;
  file: Uint8Array;
}

const escape = '\u001b';
const prompt = `${escape}[1;32mweb-ops@web-1${escape}[0m:${escape}[1;34m~${escape}[0m$ `;

/** A shell session as it was shown: colours, marks beyond ASCII, a full-screen program, another size, and an end. */
export const shownSession: readonly (readonly [number, string | { cols: number; rows: number }])[] = [
  [0, prompt],
  [900, 'systemctl status web\r\n'],
  [
    1_100,
    [
      `${escape}[0;32m●${escape}[0m web.service - Shop front`,
      `     Loaded: loaded (/etc/systemd/system/web.service; ${escape}[0;32menabled${escape}[0m)`,
      `     Active: ${escape}[1;31mfailed${escape}[0m (Result: exit-code) since 09:41:07; 3min ago`,
      '     größte Wartezeit: 12 µs, Gerät 表示',
      '',
    ].join('\r\n') + prompt,
  ],
  [2_600, 'top\r\n'],
  [
    2_800,
    `${escape}[?1049h${escape}[H${escape}[7m  PID USER      %CPU COMMAND          ${escape}[0m\r\n  812 web-ops   97.3 node server.js`,
  ],
  [3_400, { cols: 90, rows: 20 }],
  [3_500, `${escape}[H${escape}[44m F1 Help  F10 Quit ${escape}[0m${escape}[K`],
  [4_600, `${escape}[?1049l${prompt}`],
  [65_000, 'sudo systemctl restart web\r\n'],
  [65_400, `web.service is ${escape}[38;5;40mactive${escape}[0m again\r\n${prompt}exit\r\n`],
];

function memorySink(): RecordingSink & { file: () => Uint8Array } {
  const pieces: Uint8Array[] = [];
  return {
    append: async (bytes) => void pieces.push(Uint8Array.from(bytes)),
    keepBeside: async () => undefined,
    file: () => Buffer.concat(pieces),
  };
}

/** Encrypts what was shown to a public key; `until` leaves the writer dead at that event. */
export async function sealedSession(recipient: string): Promise<Uint8Array> {
  const sink = memorySink();
  const head = { width: 80, height: 24, timestamp: 1_784_000_000, title: 'web-1-shell' };
  const writer = await RecordingWriter.begin([recipient], head, sink);
  for (const [at, what] of shownSession)
    if (typeof what === 'string') writer.output(Buffer.from(what), at);
    else writer.resize(what, at);
  await writer.end(65_500);
  return sink.file();
}

/** A long one whose writer was killed: what is left are its whole chunks and a piece of the next. */
export async function cutSession(recipient: string): Promise<Uint8Array> {
  const sink = memorySink();
  const writer = await RecordingWriter.begin(
    [recipient],
    { width: 80, height: 24, timestamp: 1_784_000_000 },
    sink,
  );
  for (let line = 0; line < 3_000; line += 1)
    writer.output(Buffer.from(`line ${line} of a log that goes on and on and on\r\n`), line * 10);
  await writer.end(30_000);
  return sink.file().slice(0, 140_000);
}

/** Puts a recording of the engineer's into the world. */
export function addRecording(
  world: World,
  file: Uint8Array,
  given: Partial<SessionRecording> = {},
): StubRecording {
  const grant = grantOf(world, people.engineer, 'web-1-shell', -8_000, -6_200);
  Object.assign(grant, { state: 'ended', endReason: 'expired', endedAt: isoIn(-6_200) });
  const session = sessionOn(world, grant, 7_500);
  const id = randomUUID();
  Object.assign(session, {
    ...{ state: 'closed', endReason: 'client_exit', closedAt: isoIn(-7_434) },
    recording: { state: 'stored', ids: [id] },
  });
  const recording: SessionRecording = {
    ...{ id, state: 'stored', grantId: grant.id, sessionId: session.id, purpose: 'shell' },
    ...{ person: ref(people.engineer), resource: grant.resource, complete: true, bytes: file.length },
    ...{ startedAt: isoIn(-7_500), endedAt: isoIn(-7_434), storedAt: isoIn(-7_430) },
    ...{ keptUntil: isoIn(364 * 86_400), removedAt: null },
    sha256: createHash('sha256').update(file).digest('hex'),
    ...given,
  };
  const stored = { recording, file };
  world.recordings.unshift(stored);
  return stored;
}
