import { mkdtempSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair, type Duplex } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunnelWorld, type WorldOptions } from '../test/tunnel-world.ts';

let world: TunnelWorld;
let folder: string;

async function opened(options: WorldOptions['options']) {
  world = await TunnelWorld.create({ options });
  return world.start();
}
async function echo(target: Duplex, text: string): Promise<string> {
  const got = new Promise<string>((resolve) =>
    target.once('data', (bytes: Buffer) => resolve(bytes.toString())),
  );
  target.write(text);
  return got;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-doors-'));
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('a socket file', () => {
  it('is for this user alone, carries connections, and is gone afterwards', async () => {
    const path = join(folder, 'prod-rds.sock');
    const tunnel = await opened({ listen: { on: 'socket', path } });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(tunnel).toMatchObject({ port: 0, host: '', socketPath: path });
    const socket = connect(path);
    expect(await echo(socket, 'by file')).toBe('by file');
    socket.destroy();
    await tunnel.close();
    expect(existsSync(path)).toBe(false);
    expect(world.controlPlane.opened).toEqual([expect.objectContaining({ localPort: null })]);
  });

  it('does not take the place of another file, and asks for no lease then', async () => {
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'mine');
    await expect(opened({ listen: { on: 'socket', path } })).rejects.toMatchObject({
      code: 'LOCAL_PORT_REFUSED',
    });
    expect(world.controlPlane.calls).toEqual([]);
    expect(statSync(path).size).toBe(4);
  });

  it('does not take the place of a socket in use, and does of one that was left behind', async () => {
    const path = join(folder, 'used.sock');
    const other = createServer().listen(path);
    await once(other, 'listening');
    await expect(opened({ listen: { on: 'socket', path } })).rejects.toMatchObject({
      code: 'LOCAL_PORT_TAKEN',
    });
    await new Promise((done) => other.close(done));
    const killed = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', killed], { timeout: 30_000 });
    expect(existsSync(path)).toBe(true);
    await opened({ listen: { on: 'socket', path } });
    const socket = connect(path);
    expect(await echo(socket, 'in its place')).toBe('in its place');
    socket.destroy();
  });
});

describe('who may enter', () => {
  it('is asked before a byte is carried; who may not is reset', async () => {
    const asked: number[] = [];
    let answer = false;
    const tunnel = await opened({
      listen: { on: 'ports', ports: [0] },
      admit: async (socket) => (asked.push(socket.remotePort ?? 0), answer),
    });
    const stranger = world.program(tunnel.port);
    stranger.say('let me in');
    await stranger.closed;
    expect(stranger.received).toBe('');
    expect(tunnel.traffic.bytesUp).toBe(0);
    answer = true;
    const friend = world.program(tunnel.port);
    friend.say('me');
    await vi.waitFor(() => expect(friend.received).toBe('me'), { timeout: 30_000 });
    expect(asked).toHaveLength(2);
  });

  it('is nobody when the judge fails', async () => {
    const tunnel = await opened({
      admit: async () => {
        throw new Error('no /proc here');
      },
    });
    const somebody = world.program(tunnel.port);
    await somebody.closed;
    expect(somebody.received).toBe('');
  });
});

describe('a connection of another kind', () => {
  it('is carried like one that was accepted', async () => {
    const tunnel = await opened({ listen: { on: 'nothing' } });
    const [near, far] = duplexPair();
    tunnel.carry(far);
    expect(await echo(near, 'by hand')).toBe('by hand');
    expect(tunnel.traffic).toEqual({ bytesUp: 7, bytesDown: 7 });
    await tunnel.close();
    expect(far.destroyed).toBe(true);
    const [, late] = duplexPair();
    tunnel.carry(late);
    expect(late.destroyed).toBe(true);
  });
});
