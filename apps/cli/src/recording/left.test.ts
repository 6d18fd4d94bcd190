import { readdir } from 'node:fs/promises';
import { generateKey } from '@sallyport/recording';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiDouble, token } from '../../test/api-double.ts';
import { endLeftRecordings, leftRecording } from '../../test/left-recording.ts';
import { Person } from '../../test/world-double.ts';
import { noDebug } from '../output/debug.ts';
import { Printer } from '../output/printer.ts';
import { serverAt, type Server } from '../server/server.ts';
import type { World } from '../world.ts';
import { recordingsFolder } from './any-recording.ts';
import { sendLeft } from './hand-over.ts';
import { ShellRecorder } from './session-recorder.ts';
import { allHeads, writeHead } from './spool.ts';
import { tellLeft } from './tell.ts';

let api: ApiDouble;
let person: Person;
let world: World;
let server: Server;

beforeEach(async () => {
  api = await ApiDouble.start();
  person = await Person.at(api.url);
  world = person.world();
  server = serverAt({ address: new URL(api.url), token, version: '0', debug: noDebug, env: {} });
  api.on('POST /grants/grt_1/recordings', { status: 201, body: { id: 'x', upload: 'y' } });
});
afterEach(async () => {
  await endLeftRecordings();
  await person.leave();
  await api.stop();
});

const killed = () => leftRecording(world, server.address.origin);
const bodies = () => api.asked.filter(({ method }) => method === 'PUT');

/** One whose process still writes it. */
async function written(): Promise<ShellRecorder> {
  const recorder = new ShellRecorder(
    world,
    { server: api.url, grantId: 'grt_1', name: 'other', size: undefined },
    { began: () => undefined, failed: () => undefined, idle: () => undefined },
  );
  await recorder.begin([(await generateKey()).recipient]);
  return recorder;
}

/** A printer, and what it says on standard error. */
function heard(): { printer: Printer; said: string[] } {
  const said: string[] = [];
  const stream = {
    isTTY: false,
    columns: undefined,
    write: (text: string) => void said.push(text.trimEnd()),
  };
  return { printer: new Printer({ stdout: stream, stderr: stream, env: {} }, false), said };
}

describe('a recording that was left', () => {
  it('that is refused is told once with what to do, again for another reason, and when it was taken', async () => {
    await killed();
    const { printer, said } = heard();
    const [{ id } = { id: '' }] = await allHeads(world);
    const refuse = (code: string, kind: 'refused' | 'limited' = 'refused') =>
      api.refuse('POST /grants/grt_1/recordings', 0, code, kind, 'No room left');
    refuse('RECORDING_QUOTA_EXCEEDED', 'limited');
    let hours = 0;
    const nextHour = async () => {
      const now = () => Date.now() + hours * 3_700_000;
      const later = { ...world, effects: { ...world.effects, clock: { ...world.effects.clock, now } } };
      await tellLeft({ world: later, server, printer, debug: noDebug });
      hours += 1;
    };
    await nextHour();
    await nextHour();
    expect(said).toEqual([
      'the recording of web-1-shell was not taken: No room left. It stays here, encrypted, and is offered again each hour; this is said once. See: tunnel recording left (RECORDING_QUOTA_EXCEEDED)',
    ]);
    expect(api.asked.length).toBe(2);
    refuse('RECORDING_TOO_LATE');
    await nextHour();
    expect(said).toHaveLength(2);
    expect(said[1]).toContain('(RECORDING_TOO_LATE)');
    api.on('POST /grants/grt_1/recordings', { status: 201, body: { id, upload: 'y' } });
    api.on(`PUT /recordings/${id}/body`, { status: 204 });
    await nextHour();
    expect(said[2]).toMatch(/^handed over the recording of an earlier session: web-1-shell/u);
    expect(await readdir(recordingsFolder(world))).toEqual([]);
  });

  it('is handed over by one process alone, also where several find it at the same time', async () => {
    const id = await killed();
    api.on(`PUT /recordings/${id}/body`, { status: 204 });
    const sent: unknown[] = [];
    const events = { sent: (handed: unknown) => sent.push(handed), kept: () => expect.fail('refused') };
    await Promise.all(Array.from({ length: 6 }, () => sendLeft(world, server, noDebug, events)));
    expect(sent).toHaveLength(1);
    expect(bodies()).toHaveLength(1);
    expect(await readdir(recordingsFolder(world))).toEqual([]);
  });

  it('is listed with why it was not taken, and is removed when that is wished', async () => {
    await killed();
    const list = async () => {
      const { out } = await person.types('recording', 'left', '--json');
      return (JSON.parse(out) as { items: { id: string; state: string }[] }).items;
    };
    const discard = (...argv: string[]) => person.types('recording', 'discard', ...argv);
    const [{ id, state } = { id: '', state: '' }] = await list();
    expect(state).toBe('waiting');
    expect((await discard(id, '--yes')).err).toContain('RECORDING_STILL_WANTED');
    api.refuse('POST /grants/grt_1/recordings', 403, 'RECORDING_TOO_LATE', 'refused', 'Seven days are over.');
    await tellLeft({ world, server, printer: heard().printer, debug: noDebug });
    expect(await list()).toMatchObject([{ id, state: 'refused', refused: { code: 'RECORDING_TOO_LATE' } }]);
    const { out, err } = await person.types('recording', 'left');
    expect(out).toContain(`\trefused RECORDING_TOO_LATE\t${id}`);
    expect(err).toContain('web-1-shell was not taken: Seven days are over. (RECORDING_TOO_LATE)');
    expect(err).toContain(`tunnel recording discard ${id}`);
    expect(await discard(id)).toMatchObject({ code: 2 });
    expect((await discard(id)).err).toContain('RECORDING_DISCARD_NOT_CONFIRMED');
    expect((await discard('0b0e7c1e', '--yes')).err).toContain('RECORDING_UNKNOWN');
    person.stdin = undefined;
    person.answers = ['no'];
    expect((await discard(id)).err).toContain('RECORDING_DISCARD_NOT_CONFIRMED');
    expect(await list()).toHaveLength(1);
    person.answers = ['yes'];
    expect(await discard(id)).toMatchObject({ code: 0 });
    expect(await list()).toEqual([]);
    expect(await readdir(recordingsFolder(world))).toEqual([]);
  });

  it('of another control plane, and one that is still written, are listed as what they are', async () => {
    await killed();
    const [head] = await allHeads(world);
    await writeHead(world, { ...head!, server: 'https://old.example.com' });
    const running = await written();
    const { out } = await person.types('recording', 'left');
    expect(out).toContain(`\thttps://old.example.com\t${head!.id}`);
    expect(out).toContain('\trunning\t');
    const other = (await allHeads(world)).find(({ id }) => id !== head!.id)!;
    expect((await person.types('recording', 'discard', head!.id, other.id, '--yes')).err).toContain(
      'RECORDING_STILL_WANTED',
    );
    expect(await person.types('recording', 'discard', head!.id, '--yes')).toMatchObject({ code: 0 });
    expect(await allHeads(world)).toMatchObject([{ id: other.id }]);
    await running.finish();
  });
});
