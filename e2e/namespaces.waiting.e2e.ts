import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { leftoverNamespaces, mayMakeNamespaces, Namespaces, sweepNamespaces } from './harness/namespaces.ts';

describe.skipIf(!mayMakeNamespaces)('namespaces of tests', () => {
  const rootEtc = () => ['hosts', 'resolv.conf'].map((file) => readFileSync(`/etc/${file}`, 'utf8'));
  const rootRoutes = () => execFileSync('ip', ['-o', 'route', 'show', 'table', 'all'], { encoding: 'utf8' });
  const before = { etc: rootEtc(), routes: rootRoutes() };

  afterAll(() => {
    expect(leftoverNamespaces()).toEqual([]);
    expect({ etc: rootEtc(), routes: rootRoutes() }).toEqual(before);
  });

  it('join two machines by a wire, each with its own /etc', async () => {
    await using world = await Namespaces.make();
    const [left, right] = [await world.add(), await world.add()];
    await world.link(
      { at: left, device: 'w0', addresses: ['10.9.0.1/30', 'fd09::1/64'] },
      { at: right, device: 'w0', addresses: ['10.9.0.2/30', 'fd09::2/64'] },
    );
    right.writeEtc('hosts', '10.9.0.1 left.test\n');
    expect(await right.ask('getent', ['hosts', 'left.test'])).toContain('10.9.0.1');
    expect((await left.run('getent', ['hosts', 'left.test'])).status).not.toBe(0);
    // A program may replace a file there, as programs do: by a rename.
    await right.ask('sh', [
      '-c',
      'echo "10.9.0.1 other.test" > /etc/hosts.new && mv /etc/hosts.new /etc/hosts',
    ]);
    expect(await right.ask('getent', ['hosts', 'other.test'])).toContain('10.9.0.1');
    expect(await left.ip('route', 'get', '10.9.0.2')).toContain('dev w0');
    expect(await left.ip('-6', 'route', 'get', 'fd09::2')).toContain('dev w0');
    expect((await left.run('sh', ['-c', 'id -u'], { uid: 65_534 })).stdout).toBe('65534\n');
  });

  it('reach a port of the machine that runs the tests, by a relay and no route', async () => {
    const server = createServer((socket) => void socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await using world = await Namespaces.make();
      const space = await world.add();
      await space.relayPort(port);
      const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; echo hello >&3; read -r line <&3; echo "$line"`;
      expect(await space.ask('bash', ['-c', script])).toBe('hello\n');
      expect(await space.ip('route')).toBe('');
    } finally {
      server.close();
    }
  });

  it('end with everything that runs in them, also what ignores SIGTERM', async () => {
    const world = await Namespaces.make();
    const space = await world.add();
    const child = space.spawn('sh', [
      '-c',
      'trap "" TERM; sleep 1000 & echo up; while :; do sleep 1000; done',
    ]);
    await once(child.stdout!, 'data');
    const pids = await space.pids();
    expect(pids.length).toBeGreaterThan(1);
    await world.destroy();
    const stillThere = pids.filter((pid) => existsSync(`/proc/${pid}/exe`));
    expect(stillThere).toEqual([]);
    expect(existsSync(space.etc)).toBe(false);
    expect(leftoverNamespaces()).not.toContain(space.name);
  });

  it('of a killed run are swept by the next', () => {
    // No process has an id above the kernel's greatest.
    const name = 'sp-99999999-1';
    execFileSync('ip', ['netns', 'add', name]);
    sweepNamespaces();
    expect(existsSync(`/var/run/netns/${name}`)).toBe(false);
  });
});
