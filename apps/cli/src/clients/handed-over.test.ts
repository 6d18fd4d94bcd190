import { readFile, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, Resource } from '@sallyport/api-client';
import { aLease, aResource } from '../../test/api-double.ts';
import { Person } from '../../test/world-double.ts';
import { placeOf } from '../stories/open-place.ts';
import { handOver, takeBack, takeBackFromTheDead } from './handed-over.ts';
import type { TunnelPlace } from './place.ts';

let person: Person;
const pid = 4711;
const resource = aResource({
  database: { name: 'shop', role: 'app_ro', auth: 'iam' },
  tls: { serverName: 'prod-db.internal', ca: '-----BEGIN CERTIFICATE-----\n' },
}) as unknown as Resource;
const first = placeOf(resource, { host: '127.0.0.1', port: 15432 });
const second = placeOf(resource, { host: '127.0.0.1', port: 15433 });
const onSocket = placeOf(resource, { host: '', port: 0, socket: '/run/me/.s.PGSQL.5432' });

beforeEach(async () => {
  person = await Person.at('http://127.0.0.1:9');
});
afterEach(() => person.leave());

async function passfile(place: TunnelPlace): Promise<string> {
  const lease = async () => aLease() as unknown as Lease;
  const { paths } = await handOver({ world: person.world(), place, pid, lease });
  return paths['passfile'] ?? '';
}

describe('what is handed over for two tunnels to one resource in one process', () => {
  it('is kept apart: each file names its own port, and the end of one leaves the other its token', async () => {
    const [one, two] = [await passfile(first), await passfile(second)];
    expect(await readFile(one, 'utf8')).toContain('prod-db.internal:15432:');
    expect(await readFile(two, 'utf8')).toContain('prod-db.internal:15433:');
    await takeBack(person.world(), pid, resource.name, second);
    await expect(stat(two)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await stat(one)).mode & 0o777).toBe(0o600);
  });

  it('is removed wherever they listened, once the process is dead', async () => {
    const files = [await passfile(first), await passfile(onSocket)];
    await takeBackFromTheDead(person.world(), pid, resource.name);
    for (const file of files) await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
