import { createServer } from 'node:net';
import { readdir, stat } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ControlPlane, Lease, SsmSessions } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { aGrant, ApiDouble, token } from '../../test/api-double.ts';
import { Person } from '../../test/world-double.ts';
import { Announcement } from '../local/announcement.ts';
import { tunnelsFolder } from '../local/any-entry.ts';
import { allEntries, keepEntry, type TunnelEntry } from '../local/tunnel-registry.ts';
import { noDebug } from '../output/debug.ts';
import { serverAt, type Server } from '../server/server.ts';
import { directoriesOf } from '../settings/directories.ts';
import type { World } from '../world.ts';
import { finishLeftovers } from './finish-leftovers.ts';

let api: ApiDouble;
let person: Person;
let world: World;
let server: Server;
const grantId = aGrant().id;

beforeEach(async () => {
  api = await ApiDouble.start();
  person = await Person.at(api.url);
  world = person.world();
  server = serverAt({ address: new URL(api.url), token, version: '0', debug: noDebug });
  api.on('POST /sessions/ses_1/close', { body: {} });
});
afterEach(async () => {
  await api.stop();
  await person.leave();
});

/** What a tunnel leaves whose process is dead: no process has this number and start. */
async function left(over: Partial<TunnelEntry> = {}): Promise<TunnelEntry> {
  const entry: TunnelEntry = {
    version: 2,
    pid: world.pid,
    processStart: 'long ago',
    name: 'prod-rds',
    grantId,
    server: server.address.origin,
    sessionId: 'ses_1',
    ssmSessionIds: [`jit-${grantId}-1`, `jit-${grantId}-2`],
    place: null,
    startedAt: new Date(world.effects.clock.now()).toISOString(),
    socket: `${directoriesOf(world).runtime}/1-left.sock`,
    background: false,
    source: null,
    ...over,
  };
  await keepEntry(world, entry);
  return entry;
}

/** AWS and the control plane's leases, which refuse as told. */
function ways(refuse: { lease?: Error; terminate?: (id: string) => boolean } = {}) {
  const ended: string[] = [];
  let leases = 0;
  const issueLease: ControlPlane['issueLease'] = async () => {
    if (refuse.lease) throw refuse.lease;
    leases += 1;
    return {} as Lease;
  };
  const terminate: SsmSessions['terminate'] = async (_lease, _endpoint, id) => {
    if (refuse.terminate?.(id)) throw new Problem('SSM_UNREACHABLE');
    ended.push(id);
  };
  const endpointOf = () => ({}) as Parameters<SsmSessions['terminate']>[1];
  const given = async () => ({ controlPlane: { issueLease }, ssm: { terminate }, endpointOf });
  return { ended, given, leases: () => leases };
}

it('ends the sessions of a killed tunnel with one fresh lease, closes its session and forgets it', async () => {
  await left();
  const { ended, given, leases } = ways();
  expect(await finishLeftovers(world, server, noDebug, given)).toEqual(['prod-rds']);
  expect(ended).toEqual([`jit-${grantId}-1`, `jit-${grantId}-2`]);
  expect(leases()).toBe(1);
  expect(api.asked.map(({ path }) => path)).toEqual(['/sessions/ses_1/close']);
  expect(await readdir(tunnelsFolder(world))).toEqual([]);
});

it('keeps for the next command what AWS did not confirm', async () => {
  await left();
  const first = ways({ terminate: (id) => id.endsWith('2') });
  expect(await finishLeftovers(world, server, noDebug, first.given)).toEqual([]);
  expect(await allEntries(world)).toMatchObject([{ ssmSessionIds: [`jit-${grantId}-2`] }]);
  const second = ways();
  expect(await finishLeftovers(world, server, noDebug, second.given)).toEqual(['prod-rds']);
  expect(second.ended).toEqual([`jit-${grantId}-2`]);
});

it('keeps everything while no lease is to be had, and needs none once the grant has ended', async () => {
  await left();
  const away = ways({ lease: new Problem('SERVER_UNREACHABLE') });
  expect(await finishLeftovers(world, server, noDebug, away.given)).toEqual([]);
  expect(await allEntries(world)).toHaveLength(1);
  const ended = ways({ lease: new Problem('GRANT_ENDED') });
  expect(await finishLeftovers(world, server, noDebug, ended.given)).toEqual(['prod-rds']);
  expect(await allEntries(world)).toEqual([]);
});

it('gives up what is older than any session of AWS', async () => {
  await left({ startedAt: new Date(world.effects.clock.now() - 25 * 3_600_000).toISOString() });
  const { given, leases } = ways();
  expect(await finishLeftovers(world, server, noDebug, given)).toEqual(['prod-rds']);
  expect(leases()).toBe(0);
});

it('leaves tunnels of other servers and of living processes alone', async () => {
  await left({ server: 'https://elsewhere.example.com' });
  const facts = { name: 'prod-web', grantId, server: server.address.origin, background: false, source: null };
  const alive = await Announcement.begin(world, facts);
  const { ended, given } = ways();
  expect(await finishLeftovers(world, server, noDebug, given)).toEqual([]);
  expect(ended).toEqual([]);
  expect(await allEntries(world)).toHaveLength(2);
  await alive.withdraw();
});

it('leaves a socket alone that a later process listens on', async () => {
  const { socket } = await left({ ssmSessionIds: [] });
  const later = createServer((one) => void one.destroy());
  await new Promise<void>((done) => later.listen(socket, done));
  expect(await finishLeftovers(world, server, noDebug, ways().given)).toEqual(['prod-rds']);
  expect((await stat(socket)).isSocket()).toBe(true);
  await new Promise((done) => later.close(done));
});

it('a tunnel notes each session before it is used, and strikes it out when AWS confirmed its end', async () => {
  const facts = {
    name: 'prod-rds',
    grantId,
    server: server.address.origin,
    background: true,
    source: '/t.yaml',
  };
  const announcement = await Announcement.begin(world, facts);
  const noted = async () => (await allEntries(world))[0];
  let refuse = true;
  const { controlPlane, ssm } = announcement.noting({
    controlPlane: { openSession: async () => ({ id: 'ses_9', endsAt: '' }) } as unknown as ControlPlane,
    ssm: {
      start: async () => ({ sessionId: 'jit-1', token: 'SECRET-TOKEN', streamUrl: 'wss://secret' }),
      terminate: async () => {
        if (refuse) throw new Problem('SSM_UNREACHABLE');
      },
    } as unknown as SsmSessions,
  });
  expect(await noted()).toMatchObject({ grantId, sessionId: null, ssmSessionIds: [], source: '/t.yaml' });
  await controlPlane.openSession({} as never);
  await ssm.start({} as Lease, {} as never, new AbortController().signal);
  expect(await noted()).toMatchObject({ sessionId: 'ses_9', ssmSessionIds: ['jit-1'] });
  expect(JSON.stringify(await noted())).not.toMatch(/secret/iu);
  await expect(ssm.terminate({} as Lease, {} as never, 'jit-1')).rejects.toMatchObject({
    code: 'SSM_UNREACHABLE',
  });
  expect(await noted()).toMatchObject({ ssmSessionIds: ['jit-1'] });
  refuse = false;
  await ssm.terminate({} as Lease, {} as never, 'jit-1');
  expect(await noted()).toMatchObject({ ssmSessionIds: [] });
  await announcement.withdraw();
  expect(await noted()).toBeUndefined();
});
