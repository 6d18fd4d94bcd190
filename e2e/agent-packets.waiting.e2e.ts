import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AgentTokenClaims } from '@sallyport/grant-token';
import type { RouterCounters } from '@sallyport/tunnel';
import { buildPacket } from '@sallyport/tunnel/testing';
import { AgentWorld, worldAgentId, worldIssuer } from './harness/agent-world.ts';
import { leftoverNamespaces, mayMakeNamespaces, type Namespace } from './harness/namespaces.ts';
import type { PacketClientSettings } from './harness/packet-client.ts';
import { askByRawPacket } from './harness/raw-packet.ts';
import { find } from '../tools/test/programs.ts';

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 60_000, interval: 20 });
const missing = (['ip', 'nft', 'perl', 'curl'] as const).filter((program) => !find(program));
const client = fileURLToPath(new URL('harness/packet-client.ts', import.meta.url));
const l3 = fileURLToPath(new URL('../apps/agent/install/l3.sh', import.meta.url));
/** GRE, L2TP and a protocol that nobody speaks. */
const [gre, l2tp, nobodys] = [47, 115, 99];
const four = '10.0.2.60';
const six = 'fd00:10:2::60';
const allow: AgentTokenClaims['allow'] = [
  { cidr: `${four}/32`, ports: [], proto: 'ip' },
  { cidr: `${six}/128`, ports: [], proto: 'ip' },
  { cidr: '10.0.2.0/24', ports: [[1, 65_535]], proto: 'tcp' },
];

/** Says back what comes by an IP protocol, and tells from whom it came. A raw socket of IPv4 reads the header too. */
const mirror = `use Socket qw(:all); $| = 1; my ($six, $protocol) = @ARGV;
  socket(S, $six ? PF_INET6 : PF_INET, SOCK_RAW, $protocol) or die $!; print "ready\\n";
  while (my $from = recv(S, my $packet, 65535, 0)) {
    my $payload = $six ? $packet : substr($packet, 4 * (ord($packet) & 15));
    print +($six ? inet_ntop(AF_INET6, (unpack_sockaddr_in6($from))[1]) : inet_ntoa((sockaddr_in($from))[1])), "\\n";
    send(S, $payload, 0, $from); }`;
describe.skipIf(!mayMakeNamespaces || missing.length > 0)('whole packets through the agent (L3)', () => {
  let world: AgentWorld;
  let laptop: Namespace;
  let router: ChildProcess;
  let lines: Interface;
  const heard: string[] = [];

  beforeAll(async () => {
    world = await AgentWorld.make();
    await world.packets('up');
    const agent = await world.start();
    expect(readFileSync(`/proc/${String(agent.pid)}/status`, 'utf8')).toMatch(/^CapEff:\s+0+$/m);
    for (const [family, protocol] of [
      ['', gre],
      ['', l2tp],
      ['6', gre],
    ] as const) {
      const server = world.far.spawn('perl', ['-e', mirror, family, String(protocol)]);
      const told = createInterface({ input: server.stdout! });
      await once(told, 'line');
      told.on('line', (from) => heard.push(from));
    }
    laptop = await world.spaces.add();
    const settings: PacketClientSettings = {
      ...{ carrier: await world.relay(), agentId: worldAgentId, issuer: worldIssuer, allow },
      privateKey: world.plane.issuer.privateKey,
      addresses: ['100.64.0.1', 'fd7a::1'],
      routed: ['10.0.2.0/24', 'fd00:10:2::/64'],
    };
    router = laptop.spawn(process.execPath, ['--conditions=development', client, JSON.stringify(settings)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    lines = createInterface({ input: router.stdout! });
    const [ready] = (await once(lines, 'line')) as [string];
    expect(JSON.parse(ready)).toEqual({ carries: ['tcp', 'udp', 'icmp', 'ip'] });
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    expect(leftoverNamespaces()).toEqual([]);
  });

  const asked = async (host: string, protocol: number, bytes = 100, whole = false, seconds = 40) =>
    (
      await laptop.ask('perl', [
        '-e',
        askByRawPacket,
        host,
        ...[protocol, bytes, seconds, whole ? 1 : 0].map(String),
      ])
    ).trim();
  const counters = async () => {
    const answered = once(lines, 'line');
    router.stdin!.write('counters\n');
    return JSON.parse(((await answered) as [string])[0]) as RouterCounters;
  };
  const dropped = async (why: string) => {
    const metrics = await world.gateway.ask('curl', ['-sS', 'http://127.0.0.1:9100/metrics']);
    return Number(new RegExp(`packets_dropped_total\\{why="${why}"\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
  };

  it('carries protocols that have no ports, by IPv4 and IPv6, in the gateway’s name', async () => {
    expect(await asked(four, gre)).toBe('100');
    expect(await asked(four, l2tp)).toBe('100');
    expect(await asked(four, gre, 20_000, true)).toBe('Message too long');
    expect(await asked(six, gre)).toBe('100');
    expect(new Set(heard)).toEqual(new Set(['10.0.2.10', 'fd00:10:2::10']));
  });

  it('brings back what the network says of such a packet', async () => {
    expect(await asked(four, nobodys)).toBe('Protocol not available');
  });

  it('drops what is not granted on the laptop, counted, and tells the program', async () => {
    const before = (await counters()).drops['protocol-not-granted'] ?? 0;
    expect(await asked('10.0.2.61', gre)).toMatch(/No route to host|Permission denied|Host is unreachable/);
    expect((await counters()).drops['protocol-not-granted']).toBe(before + 1);
  });

  it('drops on the agent what a laptop without a filter sends', async () => {
    const hostile = await world.client({ allow });
    await hostile.up;
    const from = '100.64.0.66';
    const send = (to: string, protocol = gre) =>
      hostile.link.sendPacket(buildPacket({ from, to, protocol, payload: new Uint8Array(40) }));
    for (const to of ['10.0.2.61', '169.254.169.254', '10.0.2.10', '100.127.255.1']) send(to);
    for (const protocol of [1, 6, 17]) send(four, protocol);
    await soon(async () => expect(await dropped('own-way')).toBe(3));
    expect(await dropped('not_allowed')).toBe(1);
    expect(await dropped('refused_forever')).toBe(1);
    expect(await dropped('own_address')).toBe(2);
    hostile.link.close();
    await soon(() =>
      expect(world.plane.records).toContainEqual(
        expect.objectContaining({ proto: 'ip', destination: '169.254.169.254', port: gre, end: 'refused' }),
      ),
    );
  });

  it('lets the far side begin nothing: the gateway’s filter stops it, and the agent without that filter', async () => {
    await world.far.ip('route', 'add', '100.127.255.0/30', 'via', '10.0.2.10');
    const knock = () =>
      world.far.ask('perl', ['-e', askByRawPacket, '100.127.255.2', '98', '40', '1', '0']).catch(() => '');
    await knock();
    const forward = await world.gateway.ask('nft', ['list', 'chain', 'inet', 'sallyport_agent', 'forward']);
    expect(forward).toMatch(/^\s*counter packets [1-9]/m);
    expect(await dropped('unasked')).toBe(0);
    await world.gateway.ask('nft', ['flush', 'chain', 'inet', 'sallyport_agent', 'forward']);
    await world.gateway.ask('nft', ['add rule inet sallyport_agent forward accept']);
    await knock();
    await soon(async () => expect(await dropped('unasked')).toBeGreaterThan(0));
  });

  it('serves everything else where the device is gone, says so, and leaves nothing of it on the machine', async () => {
    expect((await world.run('check')).stdout).toMatch(/^ok\s+whole packets \(L3\)\s+by sallyport0$/m);
    // A small image without udev keeps the device for root.
    world.gateway.tunMode = '0600';
    expect((await world.run('check')).stdout).toMatch(
      /^warn\s+whole packets \(L3\)\s+AGENT_PACKETS_UNAVAILABLE.*chmod 0666 \/dev\/net\/tun/m,
    );
    world.gateway.tunMode = '0666';
    await world.packets('down');
    expect(await world.gateway.ask('ip', ['-br', 'link'])).not.toContain('sallyport0');
    expect(await world.gateway.ask('nft', ['list', 'ruleset'])).toBe('');
    expect(await world.gateway.ask('sysctl', ['-n', 'net.ipv4.ip_forward'])).toBe('0\n');
    const agent = await world.start();
    expect(agent.exitCode).toBe(null);
    expect(world.log).toContain('"code":"AGENT_PACKETS_UNAVAILABLE"');
    expect((await world.run('check')).stdout).toMatch(
      /^warn\s+whole packets \(L3\)\s+AGENT_PACKETS_UNAVAILABLE/m,
    );
    const other = await world.client();
    await other.up;
    expect([...other.link.features]).not.toContain('packets');
    const port = await world.listen(other, four, 8080);
    const page = await fetch(`http://127.0.0.1:${String(port)}/`);
    expect(await page.text()).toBe('a private page\n');
  });

  it('makes no device on a machine that forwards for others, and none without its filter', async () => {
    const gateway = () =>
      Promise.all([
        world.gateway.ask('ip', ['-br', 'link']),
        world.gateway.ask('nft', ['list', 'ruleset']),
        world.gateway.ask('sysctl', ['-n', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding']),
      ]);
    const before = await gateway();
    const up = `${l3} up nobody`;
    await expect(
      world.gateway.ask('bash', ['-c', `nft() { return 1; }; export -f nft; ${up}`]),
    ).rejects.toThrow();
    expect(await gateway()).toEqual(before);
    for (const forwards of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding']) {
      await world.gateway.ask('sysctl', ['-qw', `${forwards}=1`]);
      await expect(world.gateway.ask('bash', ['-c', up])).rejects.toThrow(/forwards packets for others/);
      expect(await world.gateway.ask('sysctl', ['-n', forwards])).toBe('1\n');
      await world.gateway.ask('sysctl', ['-qw', `${forwards}=0`]);
      expect(await gateway()).toEqual(before);
    }
  });
});
