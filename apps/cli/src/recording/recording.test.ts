import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { generateKey, openRecording } from '@sallyport/recording';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiDouble, token } from '../../test/api-double.ts';
import { endLeftRecordings, leftCanary, leftRecording } from '../../test/left-recording.ts';
import { Person } from '../../test/world-double.ts';
import { noDebug } from '../output/debug.ts';
import { serverAt, type Server } from '../server/server.ts';
import type { World } from '../world.ts';
import { anyRecording, recordingsFolder } from './any-recording.ts';
import { handOver, sendLeft } from './hand-over.ts';
import { ShellRecorder } from './session-recorder.ts';
import { allHeads, sealedBytes, writeHead } from './spool.ts';

const canary = leftCanary;

let api: ApiDouble;
let person: Person;
let world: World;
let server: Server;
let auditor: { recipient: string; identity: string };
const failures: unknown[] = [];
const begun: ShellRecorder[] = [];

beforeEach(async () => {
  api = await ApiDouble.start();
  person = await Person.at(api.url);
  world = person.world();
  server = serverAt({ address: new URL(api.url), token, version: '0', debug: noDebug, env: {} });
  auditor = await generateKey();
  api.on('POST /grants/grt_1/recordings', { status: 201, body: { id: 'x', upload: 'y' } });
});
afterEach(async () => {
  failures.splice(0);
  for (const recording of begun.splice(0)) await recording.finish();
  await endLeftRecordings();
  await person.leave();
  await api.stop();
});

async function recorder(more: { partBytesMax?: number } = {}): Promise<ShellRecorder> {
  const recording = new ShellRecorder(
    world,
    {
      ...{ server: server.address.origin, grantId: 'grt_1', name: 'web-1-shell' },
      ...{ size: { cols: 100, rows: 30 }, ...more },
    },
    { began: () => undefined, failed: (problem) => failures.push(problem), idle: () => undefined },
  );
  await recording.begin([auditor.recipient]);
  begun.push(recording);
  recording.opened('ses_1');
  return recording;
}

const killed = () => leftRecording(world, server.address.origin, auditor.recipient);

const bodies = () => api.asked.filter(({ method }) => method === 'PUT').map(({ body }) => body as Buffer);

async function shown(file: Uint8Array): Promise<{ text: string; whole: boolean; sizes: string[] }> {
  const recording = await openRecording(file, [auditor.identity]);
  let text = '';
  const sizes = [`${recording.head.width}x${recording.head.height}`];
  for await (const event of recording.events)
    if (event.kind === 'output') text += event.text;
    else sizes.push(`${event.cols}x${event.rows}`);
  return { text, whole: recording.whole(), sizes };
}

describe('a recorded session', () => {
  it('lies encrypted in files of its owner alone, and goes once the control plane has it', async () => {
    const recording = await recorder();
    recording.output(Buffer.from(`${canary}\r\n`));
    recording.resize({ cols: 80, rows: 24 });
    recording.output(Buffer.from('grüße'));
    await expect.poll(async () => (await readdir(recordingsFolder(world))).join(' ')).toMatch(/\.tail/);
    const folder = recordingsFolder(world);
    for (const name of await readdir(folder)) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
      expect(await readFile(join(folder, name), 'latin1')).not.toMatch(/correct-horse|AGE-SECRET/);
    }
    const [id] = await recording.finish();
    api.on(`PUT /recordings/${id}/body`, { status: 204 });
    const [head] = await allHeads(world);
    const handed = await handOver(world, server, head!);
    const [told] = api.asked;
    const [body] = bodies();
    expect(told?.body).toEqual({
      ...{ id, sessionId: 'ses_1', startedAt: head?.startedAt, endedAt: head?.endedAt, complete: true },
      ...{ bytes: body?.length, sha256: createHash('sha256').update(body!).digest('hex') },
    });
    expect(handed).toEqual({ name: 'web-1-shell', bytes: body?.length, complete: true });
    expect(await shown(body!)).toEqual({
      text: `${canary}\r\ngrüße`,
      whole: true,
      sizes: ['100x30', '80x24'],
    });
    expect(await anyRecording(world)).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  it('whose process was killed is handed over by the next command, and says that its end is missing', async () => {
    await killed();
    const [{ id } = { id: '' }] = await allHeads(world);
    api.on(`PUT /recordings/${id}/body`, { status: 204 });
    const sent: unknown[] = [];
    await sendLeft(world, server, noDebug, { sent: (handed) => sent.push(handed), kept: () => undefined });
    expect(sent).toEqual([{ name: 'web-1-shell', bytes: bodies()[0]?.length, complete: false }]);
    expect(api.asked.find(({ method }) => method === 'POST')?.body).toMatchObject({
      complete: false,
      endedAt: null,
    });
    expect(await shown(bodies()[0]!)).toMatchObject({ text: canary, whole: false });
    expect(await anyRecording(world)).toBe(false);
  });

  it('whose end was written, but not told in its head, is handed over whole', async () => {
    const recording = await recorder();
    recording.output(Buffer.from(canary));
    const [id = ''] = await recording.finish();
    const [head] = await allHeads(world);
    await writeHead(world, { ...head!, complete: false, endedAt: null });
    const bytes = await sealedBytes(world, { id, complete: false });
    expect(await shown(bytes!)).toMatchObject({ text: canary, whole: true });
  });

  it('is not touched by others while its process runs', async () => {
    const recording = await recorder();
    await sendLeft(world, server, noDebug, { sent: () => undefined, kept: () => undefined });
    expect(api.asked).toEqual([]);
    await recording.finish();
  });

  it('that the control plane refuses stays, and is not offered again at once', async () => {
    await killed();
    api.refuse('POST /grants/grt_1/recordings', 403, 'PERSON_NOT_ALLOWED', 'refused', 'Not yours.');
    const kept: unknown[] = [];
    const events = {
      sent: () => undefined,
      kept: (_head: unknown, { code }: { code: string }) => kept.push(code),
    };
    for (let time = 0; time < 2; time += 1) await sendLeft(world, server, noDebug, events);
    expect(kept).toEqual(['PERSON_NOT_ALLOWED']);
    expect(api.asked).toHaveLength(1);
    expect(await anyRecording(world)).toBe(true);
  });

  it('stays while the control plane is away, and leaves nothing behind where nothing was opened', async () => {
    await killed();
    await api.stop();
    const kept = await sendLeft(world, server, noDebug, {
      sent: () => undefined,
      kept: () => expect.fail('said'),
    });
    expect(kept).toBeUndefined();
    expect(await anyRecording(world)).toBe(true);
    api = await ApiDouble.start();

    const recording = new ShellRecorder(
      world,
      { server: api.url, grantId: 'grt_1', name: 'other', size: undefined },
      { began: () => undefined, failed: () => undefined, idle: () => undefined },
    );
    await recording.begin([auditor.recipient]);
    expect(await recording.finish()).toEqual([]);
    expect((await allHeads(world)).map(({ name }) => name)).toEqual(['web-1-shell']);
  });

  it('is refused before it begins where nothing can be written', async () => {
    await writeFile(join(person.home, 'file'), '');
    person.env['XDG_STATE_HOME'] = join(person.home, 'file');
    await expect(recorder()).rejects.toMatchObject({ code: 'RECORDING_NOT_WRITTEN' });
  });
});

describe('a session that shows more than one file takes', () => {
  it('makes several, that follow one another, and is ended when there are too many', async () => {
    const recording = await recorder({ partBytesMax: 300_000 });
    const line = Buffer.from(`${'x'.repeat(9_998)}\r\n`);
    let [given, parts] = [0, 1];
    while (parts < 4) {
      recording.output(line);
      given += line.length;
      await new Promise((resolve) => setImmediate(resolve));
      parts = (await allHeads(world)).length;
    }
    const ids = await recording.finish();
    expect(ids).toHaveLength(4);
    let text = '';
    for (const id of ids) {
      const file = await readFile(join(recordingsFolder(world), `${id}.cast.age`));
      const part = await shown(file);
      expect(part.whole).toBe(true);
      text += part.text;
    }
    expect(text.length).toBe(given);
    expect(
      (await allHeads(world)).every(({ complete, sessionId }) => complete && sessionId === 'ses_1'),
    ).toBe(true);

    const endless = await recorder({ partBytesMax: 1 });
    while (failures.length === 0) {
      endless.output(line);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(failures).toMatchObject([{ code: 'RECORDING_NOT_WRITTEN' }]);
    expect(await endless.finish()).toHaveLength(16);
  });
});

describe("the auditors' key", () => {
  it('is made once: public half printed, private half in a file of its own that is never replaced', async () => {
    const path = join(person.home, 'key.txt');
    const made = await person.types('recording', 'keygen', '--output', path);
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^age1\w{58}\n$/) as unknown });
    const text = await readFile(path, 'utf8');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(text).toMatch(/^# created: \S+\n# public key: (age1\w+)\nAGE-SECRET-KEY-1\w+\n$/);
    expect(made.out + made.err).not.toContain('AGE-SECRET');
    expect(text).toContain(made.out.trim());
    const again = await person.types('recording', 'keygen', '-o', path, '--json');
    expect(again.code).toBe(11);
    expect(JSON.parse(again.out)).toMatchObject({ error: { code: 'RECORDING_IDENTITY_EXISTS' } });
    expect(await readFile(path, 'utf8')).toBe(text);
  });
});

describe('a replay', () => {
  async function recorded(): Promise<string> {
    const recording = await recorder();
    recording.output(Buffer.from(canary));
    recording.output(Buffer.from([0x1b, 0x5b, 0x41, 0xff, 0xe6, 0x97]));
    recording.output(Buffer.from([0xa5]));
    const [id] = await recording.finish();
    return join(recordingsFolder(world), `${id}.cast.age`);
  }
  /** What a command writes to standard output as bytes. */
  async function bytesOf(...argv: string[]): Promise<{ code: number; bytes: Buffer; err: string }> {
    const pieces: Buffer[] = [];
    let err = '';
    const to = new Writable({ write: (bytes: Buffer, _encoding, done) => (pieces.push(bytes), done()) });
    const real = person.world.bind(person);
    person.world = (out, say) => ({
      ...real(out, (text) => ((err += text), say?.(text))),
      bytes: () => ({ from: process.stdin, to, errors: to }),
    });
    const { code } = await person.types(...argv);
    return { code, bytes: Buffer.concat(pieces), err };
  }

  it('writes what was shown, byte for byte, where the output is no terminal', async () => {
    const file = await recorded();
    person.stdin = `# a comment\n${auditor.identity}\n`;
    const { code, bytes, err } = await bytesOf('recording', 'play', file, '--identity', '-');
    expect(err).toMatch(/^The recording ends here/);
    expect({ code, bytes }).toEqual({
      code: 0,
      bytes: Buffer.concat([Buffer.from(canary), Buffer.from([0x1b, 0x5b, 0x41, 0xff, 0xe6, 0x97, 0xa5])]),
    });
  });

  it('does nothing to a terminal but show: what was recorded neither writes to its clipboard nor asks it for answers', async () => {
    const recording = await recorder();
    // In pieces, as it may come.
    for (const piece of [
      'a\u001b',
      ']52;c;cm0gLXJm\u0007b\u001b[2',
      '1t\u001b[31mc\u001b[c',
      'd\u001bP+q544e\u001b\\e',
    ])
      recording.output(Buffer.from(piece));
    recording.output(Buffer.from([0x9d, 0x66]));
    const [id] = await recording.finish();
    person.stdin = auditor.identity;
    person.terminal = true;
    const file = join(recordingsFolder(world), `${id}.cast.age`);
    const { code, bytes } = await bytesOf('recording', 'play', file, '--identity', '-');
    expect({ code, text: bytes.toString() }).toEqual({ code: 0, text: 'ab\u001b[31mcde\ufffdf' });
  });

  it('says that it stops where the end is missing, and describes with --json', async () => {
    const file = await recorded();
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, -5));
    const identity = join(person.home, 'key.txt');
    await writeFile(identity, auditor.identity, { mode: 0o600 });
    // All of it was in one chunk.
    expect(await person.types('recording', 'play', file, '-i', identity, '--json')).toMatchObject({
      code: 2,
    });
    await writeFile(file, whole);
    const { out } = await person.types('recording', 'play', file, '-i', identity, '--json');
    expect(JSON.parse(out)).toMatchObject({ title: 'web-1-shell', bytes: canary.length + 7, complete: true });
  });

  it('refuses a wrong key, a key that others can read, and what is no recording, each by its code', async () => {
    const file = await recorded();
    const [identity, open, other] = ['key.txt', 'open.txt', 'other.txt'].map((name) =>
      join(person.home, name),
    );
    await writeFile(identity!, auditor.identity, { mode: 0o600 });
    await writeFile(open!, auditor.identity, { mode: 0o644 });
    await writeFile(other!, (await generateKey()).identity, { mode: 0o600 });
    const codeOf = async (...argv: string[]) => {
      const { out } = await person.types('recording', 'play', ...argv, '--json');
      return (JSON.parse(out) as { error: { code: string } }).error.code;
    };
    expect(await codeOf(file, '-i', other!)).toBe('RECORDING_KEY_WRONG');
    expect(await codeOf(file, '-i', open!)).toBe('RECORDING_IDENTITY_INVALID');
    expect(await codeOf(file)).toBe('RECORDING_IDENTITY_INVALID');
    expect(await codeOf(file, '-i', file)).toBe('RECORDING_IDENTITY_INVALID');
    expect(await codeOf(identity!, '-i', identity!)).toBe('RECORDING_UNREADABLE');
    expect(await codeOf(join(person.home, 'nothing'), '-i', identity!)).toBe('FILE_UNUSABLE');
    for (const wrong of [
      ['--speed', '0'],
      ['--speed', 'x'],
      ['--pause', '-1'],
    ])
      expect(await codeOf(file, '-i', identity!, ...wrong)).toBe('COMMAND_USAGE');
  });
});
