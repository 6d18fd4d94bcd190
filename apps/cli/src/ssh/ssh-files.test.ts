import { spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryKey } from '@sallyport/connect';
import { Person } from '../../test/world-double.ts';
import type { World } from '../world.ts';
import { AgentSocket } from './agent-socket.ts';
import { HostKeyFiles } from './host-key-files.ts';
import { installConfig, uninstallConfig } from './install-config.ts';
import { agentPath, sshPlaces } from './places.ts';

let person: Person;
let world: World;
beforeEach(async () => {
  person = await Person.at('http://localhost:1');
  world = person.world();
});
afterEach(() => person.leave());

const a = 'i-0b5c1d2e3f4a50617';
const b = 'i-0c6d2e3f4a5b61728';
const blob = async () => (await memoryKey('ed25519')).blob;
const line = (key: Buffer) => `ssh-ed25519 ${key.toString('base64')}`;

describe('~/.ssh/config', () => {
  const config = () => join(person.home, '.ssh/config');

  it('is made where there is none, for its owner alone (b1)', async () => {
    expect(await installConfig(world, 'Host web-1\n')).toMatchObject({ state: 'installed', backup: null });
    expect(statSync(config()).mode & 0o777).toBe(0o600);
    expect(statSync(join(person.home, '.ssh')).mode & 0o777).toBe(0o700);
    expect(readFileSync(config(), 'utf8')).toContain(`Include "${sshPlaces(world).hosts}"`);
  });

  it('is copied under a name of its own each time: no copy is written over', async () => {
    await installConfig(world, 'Host web-1\n');
    const contents = ['Host one\n', 'Host two\n', 'Host three\n'];
    const backups: (string | null)[] = [];
    for (const content of contents) {
      writeFileSync(config(), content);
      backups.push((await installConfig(world, 'Host web-1\n')).backup);
    }
    expect(backups.map((path) => path?.slice(config().length))).toEqual([
      '.before-sallyport',
      '.before-sallyport.2',
      '.before-sallyport.3',
    ]);
    expect(backups.map((path) => readFileSync(path ?? '', 'utf8'))).toEqual(contents);
  });

  it('keeps what was in it, its mode and its link, and is changed by the first of two installations alone (b1)', async () => {
    mkdirSync(join(person.home, '.ssh'), { mode: 0o700 });
    mkdirSync(join(person.home, 'dotfiles'));
    const before = 'Host old\n  User me';
    writeFileSync(join(person.home, 'dotfiles/config'), before, { mode: 0o640 });
    symlinkSync('../dotfiles/config', config());
    const { backup } = await installConfig(world, 'Host web-1\n');
    const once = readFileSync(config(), 'utf8');
    expect(once.endsWith(before)).toBe(true);
    expect(once.split('\n')[1]).toMatch(/^Include "/u);
    expect(lstatSync(config()).isSymbolicLink()).toBe(true);
    expect(statSync(config()).mode & 0o777).toBe(0o640);
    expect(readFileSync(backup ?? '', 'utf8')).toBe(before);
    const marks = () =>
      [config(), sshPlaces(world).hosts].map((path) => statSync(path, { bigint: true }).mtimeNs);
    const then = marks();
    expect(await installConfig(world, 'Host web-1\n')).toMatchObject({ state: 'unchanged', backup: null });
    expect(marks()).toEqual(then);
    expect(await uninstallConfig(world)).toMatchObject({ state: 'removed' });
    expect(readFileSync(config(), 'utf8')).toBe(before);
    expect(await uninstallConfig(world)).toMatchObject({ state: 'unchanged' });
  });
});

describe('host keys of an instance', () => {
  const files = (instanceId: string, recorded: string[] = []) =>
    new HostKeyFiles(world, sshPlaces(world), { host: 'web-1', instanceId, recorded });
  const told = () => readFileSync(join(sshPlaces(world).hostKeys, 'web-1'), 'utf8');

  it('are those on record, whatever was seen first (c3)', async () => {
    const [recorded, other] = [await blob(), await blob()];
    await files(a).judge(other);
    await files(a).remember(other);
    await files(a, [line(recorded)]).tellKnown();
    expect(told()).toBe(`* ${line(recorded)} ${a}\n`);
    await files(a, [line(recorded)]).judge(recorded);
    await expect(files(a, [line(recorded)]).judge(other)).rejects.toMatchObject({
      code: 'SSH_HOST_KEY_CHANGED',
    });
  });

  it('are the first ones seen where none is on record, by instance and not by name (c3)', async () => {
    const [first, second] = [await blob(), await blob()];
    await files(a).judge(first);
    expect(told()).toBe(`* ${line(first)} ${a}\n`);
    await files(a).remember(first);
    // The same name leads to another instance now.
    await files(b).tellKnown();
    await files(b).judge(second);
    await files(b).remember(second);
    await files(a).judge(first);
    const refused = files(a).judge(second);
    await expect(refused).rejects.toMatchObject({ code: 'SSH_HOST_KEY_CHANGED' });
    const detail = await refused.catch((error: { detail: string }) => error.detail);
    expect(String(detail).match(/SHA256:/gu)).toHaveLength(2);
    expect(detail).toContain(`ssh-keygen -R ${a} -f `);
  });

  it('are all remembered when many connections see theirs at once', async () => {
    const instances = Array.from({ length: 12 }, (_, n) => `i-0${String(n).padStart(16, '0')}`);
    const keys = await Promise.all(instances.map(blob));
    await Promise.all(instances.map((instance, n) => files(instance).judge(keys[n] as Buffer)));
    await Promise.all(instances.map((instance, n) => files(instance).remember(keys[n] as Buffer)));
    const lines = readFileSync(sshPlaces(world).firstSeen, 'utf8').trim().split('\n');
    expect(lines.map((text) => text.split(' ')[0]).sort()).toEqual(instances);
    expect(told().trim().split('\n')).toHaveLength(12);
    expect(
      readdirSync(join(sshPlaces(world).firstSeen, '..')).filter((name) => name.includes('lock')),
    ).toEqual([]);
  });

  it('are not remembered before ssh has verified them, and can be forgotten with its own tool', async () => {
    const [shown, anew] = [await blob(), await blob()];
    await files(a).judge(shown);
    await files(a).judge(anew);
    await files(a).remember(anew);
    await expect(files(a).judge(shown)).rejects.toMatchObject({ code: 'SSH_HOST_KEY_CHANGED' });
    const forget = spawnSync('ssh-keygen', ['-R', a, '-f', sshPlaces(world).firstSeen]);
    if (forget.error) return;
    expect(forget.status).toBe(0);
    await files(a).judge(shown);
  });
});

describe('the socket of a key', () => {
  const open = async (pid: number, shown?: Buffer) => {
    const key = await memoryKey('ed25519');
    const link = agentPath(sshPlaces(world), 'app', 'web-1');
    const used = { times: 0 };
    const socket = await AgentSocket.open({ ...world, pid }, link, {
      keys: async () => [key],
      hostKey: () => shown,
      used: () => void (used.times += 1),
    });
    return { socket, key, used };
  };
  const text = (of: string | Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(of));
    return Buffer.concat([length, Buffer.from(of)]);
  };
  const number = (of: number) => text('').map((_, at) => (at === 3 ? of : 0));
  /** As OpenSSH asks at the name that it knows: what it tells of its connection, then its questions, each in a conversation of its own. */
  async function ask(hostKey: Buffer | undefined, question: Buffer): Promise<Buffer> {
    const connection = createConnection(join(folder(), 'app@web-1'));
    const bind = [text('session-bind@openssh.com'), text(hostKey ?? ''), text('id'), text(''), Buffer.of(0)];
    const messages = hostKey ? [Buffer.concat([Buffer.of(27), ...bind]), question] : [question];
    for (const message of messages) connection.write(text(message));
    let heard = Buffer.alloc(0);
    for await (const bytes of connection) {
      heard = Buffer.concat([heard, bytes as Buffer]);
      const skipped = messages.length === 2 ? 5 : 0;
      const answer = heard.subarray(skipped + 4);
      if (heard.length >= skipped + 4 && answer.length === heard.readUInt32BE(skipped)) return answer;
    }
    throw new Error('no answer');
  }
  const listed = async (hostKey?: Buffer) => {
    const answer = await ask(hostKey, Buffer.of(11));
    const blobs: string[] = [];
    for (let at = 5; at < answer.length;) {
      const blob = answer.subarray(at + 4, at + 4 + answer.readUInt32BE(at));
      at += 4 + blob.length;
      at += 4 + answer.readUInt32BE(at);
      blobs.push(blob.toString('base64'));
    }
    return blobs;
  };
  const folder = () => sshPlaces(world).agents;

  it('is for its owner alone, and gone afterwards (c2)', async () => {
    const { socket } = await open(101);
    expect(readdirSync(folder())).toEqual(['app@web-1.101']);
    await socket.publish();
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder(), 'app@web-1')).mode & 0o777).toBe(0o600);
    await socket.close();
    expect(readdirSync(folder())).toEqual([]);
  });

  it('goes over to another connection to the same host, past one that was killed', async () => {
    const [first, second] = [await open(102), await open(103)];
    await first.socket.publish();
    await second.socket.publish();
    expect(readlinkSync(join(folder(), 'app@web-1'))).toBe('app@web-1.103');
    writeFileSync(join(folder(), 'app@web-1.100'), '');
    await second.socket.close();
    expect(readlinkSync(join(folder(), 'app@web-1'))).toBe('app@web-1.102');
    await first.socket.close();
    expect(readdirSync(folder())).toEqual([]);
  });

  it('offers and signs with the key of the connection that asks, whichever was published last', async () => {
    const [here, there] = [await blob(), await blob()];
    const [first, second] = [await open(104, here), await open(105, there)];
    await first.socket.publish();
    await second.socket.publish();
    const own = first.key.blob.toString('base64');
    expect(await listed(here)).toEqual([own]);
    expect(await listed(there)).toEqual([second.key.blob.toString('base64')]);
    // Who does not tell is offered both.
    expect(await listed()).toEqual([second.key.blob.toString('base64'), own]);
    const data = Buffer.from('what is signed');
    const sign = Buffer.concat([Buffer.of(13), text(first.key.blob), text(data), number(0)]);
    const answer = await ask(here, sign);
    expect(answer[0]).toBe(14);
    const public_ = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: first.key.blob.subarray(-32).toString('base64url') },
      format: 'jwk',
    });
    expect(verify(null, data, public_, answer.subarray(-64))).toBe(true);
    expect([first.used.times, second.used.times]).toEqual([1, 0]);
    // What ssh has had it does not ask for again.
    expect(await listed()).toEqual([second.key.blob.toString('base64')]);
    await Promise.all([first.socket.close(), second.socket.close()]);
    expect(readdirSync(folder())).toEqual([]);
  });

  it('answers the ssh of another connection that asks while it ends', async () => {
    const [asked, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const key = await memoryKey('ed25519');
    const link = agentPath(sshPlaces(world), 'app', 'web-1');
    const socket = await AgentSocket.open({ ...world, pid: 106 }, link, {
      keys: async () => {
        asked.resolve();
        await go.promise;
        return [key];
      },
      hostKey: () => undefined,
      used: () => undefined,
    });
    await socket.publish();
    const answer = listed();
    await asked.promise;
    const closed = socket.close();
    go.resolve();
    expect(await answer).toEqual([key.blob.toString('base64')]);
    await closed;
  });

  it('is found by whoever publishes, however many others end at that moment', async () => {
    const opened = await Promise.all(Array.from({ length: 12 }, (_, n) => open(200 + n)));
    await Promise.all(opened.map(({ socket }) => socket.publish()));
    const [last, ...others] = opened;
    await Promise.all([...others.map(({ socket }) => socket.close()), last?.socket.publish()]);
    expect(readlinkSync(join(folder(), 'app@web-1'))).toBe('app@web-1.200');
    expect(await listed()).toEqual([last?.key.blob.toString('base64')]);
    await last?.socket.close();
    expect(readdirSync(folder())).toEqual([]);
  });

  it('is refused where its path is too long', () => {
    person.env['XDG_STATE_HOME'] = `/${'x'.repeat(90)}`;
    expect(() => agentPath(sshPlaces(world), 'app', 'web-1')).toThrow(
      expect.objectContaining({ code: 'FILE_UNUSABLE' }) as Error,
    );
  });
});
