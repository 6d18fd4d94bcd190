import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemEffects } from '@sallyport/effects/system';
import { announcedTunnel } from '../../test/open-tunnel-double.ts';
import { writeReply } from '../local/local-protocol.ts';
import { allEntries, keepEntry } from '../local/tunnel-registry.ts';
import { noPaint } from '../output/paint.ts';
import { renderTable } from '../output/table.ts';
import { directoriesOf } from '../settings/directories.ts';
import type { World } from '../world.ts';
import { limitedLines, liveTunnelColumns, localTunnels, stopTunnels } from './running-tunnels.ts';

let world: World;
beforeEach(async () => {
  const home = await mkdtemp(join(tmpdir(), 'running-'));
  world = { env: {}, home, uid: process.getuid?.(), pid: process.pid, effects: systemEffects() } as World;
});
afterEach(async () => {
  await rm(world.home, { recursive: true, force: true });
});

it('shows a tunnel with name, port, age, time left, bytes, rate, round trip, sessions and health', async () => {
  const announced = await announcedTunnel(world);
  const [tunnel] = await localTunnels(world);
  const now = Date.parse(tunnel?.openedAt ?? '') + 61_000;
  const shown = {
    ...tunnel!,
    endsAt: new Date(now + 125_000).toISOString(),
    bytesUp: 1_200,
    rateDown: 812_000,
    rttMs: 42.4,
  };
  const table = renderTable([shown], liveTunnelColumns(now), { terminal: true, width: 120, paint: noPaint });
  const [heading, row] = table.split('\n');
  expect(heading?.split(/\s+/u)).toEqual([
    'NAME',
    'PORT',
    'AGE',
    'LEFT',
    'UP',
    'DOWN',
    'RATE',
    'RTT',
    'SESSIONS',
    'HEALTH',
  ]);
  expect(row?.split(/\s{2,}/u)).toEqual([
    ...['prod-rds', '15432', '1 min 1 s', '02:05', '1.2 kB', '2 B', '812.0 kB/s', '42 ms', '1', 'good'],
  ]);
  await announced.close();
});

it('says when the session is what limits a tunnel, as a6 wants it of routed ones', async () => {
  const announced = await announcedTunnel(world);
  const [tunnel] = await localTunnels(world);
  expect(limitedLines([tunnel!])).toEqual([]);
  expect(limitedLines([{ ...tunnel!, limitedBySession: true, rateDown: 850_000 }])).toEqual([
    'prod-rds: 850.0 kB/s is what one session carries; the session is the limit, not your network.',
  ]);
  await announced.close();
});

it('stops only what fits, and a tunnel that was taken back is not there any more', async () => {
  const [one, other] = [await announcedTunnel(world), await announcedTunnel(world, { name: 'prod-web' })];
  expect((await stopTunnels(world, ({ name }) => name === 'prod-web')).map(({ name }) => name)).toEqual([
    'prod-web',
  ]);
  await other.close();
  expect((await localTunnels(world)).map(({ name }) => name)).toEqual(['prod-rds']);
  await one.close();
  expect(await localTunnels(world)).toEqual([]);
});

it('does not call a tunnel closed whose process did not answer', async () => {
  const socket = join(directoriesOf(world).runtime, `${process.pid}-mute.sock`);
  const announced = await announcedTunnel(world);
  const [entry] = await allEntries(world);
  const mute = createServer((one) => {
    one.on('error', () => undefined);
    one.on('data', (bytes) =>
      bytes.includes('"stop"') ? one.destroy() : one.end(writeReply({ answer: { state: 'open' } })),
    );
  });
  await new Promise<void>((done) => mute.listen(socket, done));
  await announced.close();
  await keepEntry(world, { ...entry!, socket });
  await expect(stopTunnels(world, () => true)).rejects.toMatchObject({
    code: 'TUNNEL_UNANSWERED',
    exitCode: 11,
  });
  await new Promise((done) => mute.close(done));
});
