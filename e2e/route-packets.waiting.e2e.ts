import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '@sallyport/tunnel';
import { find } from '../tools/test/programs.ts';
import { leftoverNamespaces, mayMakeNamespaces } from './harness/namespaces.ts';
import { onTheWire, RoutedLaptop } from './harness/routed-laptop.ts';

const programs = ['ip', 'curl', 'ping', 'dig', 'iperf3', 'perl'] as const;
const missing = programs.filter((program) => find(program) === undefined);

/** A virtual address, and a subnet of either family. */
const at = { virtual: '100.64.0.5', four: '10.20.0.60', six: 'fd20::60', outside: '10.20.9.9' } as const;
const routes: Route[] = [
  { cidr: `${at.virtual}/32`, ports: [[8080, 8080]], proto: 'tcp' },
  { cidr: '10.20.0.0/24', ports: [[1, 9000]], proto: 'tcp' },
  { cidr: '10.20.0.0/24', ports: [[7001, 7001]], proto: 'udp' },
  { cidr: '10.20.0.0/24', ports: [], proto: 'icmp' },
  { cidr: 'fd20::/64', ports: [[8080, 8081]], proto: 'tcp' },
  { cidr: 'fd20::/64', ports: [], proto: 'icmp' },
];
const pages = `require('http').createServer((_, answer) => answer.end('hello')).listen(8080, '::')`;
/** Hears everything to its end, and only then says it all back. */
const mirror = `require('net').createServer({ allowHalfOpen: true }, (socket) => {
  const all = []; socket.on('data', (bytes) => all.push(bytes)); socket.on('end', () => socket.end(Buffer.concat(all))); socket.on('error', () => {}) }).listen(7002, '::')`;
/** Says much at once, and hears all of the other side meanwhile, which it counts at the end. */
const talker = `require('net').createServer({ allowHalfOpen: true }, (socket) => { let heard = 0; socket.write(Buffer.alloc(12e6, 'x'));
  socket.on('data', (bytes) => heard += bytes.length).on('end', () => socket.end(' ' + heard)).on('error', () => {}) }).listen(7003, '::')`;
/** Says all that it has before it reads anything. */
const sendThenHear = `use IO::Socket::INET; $s = IO::Socket::INET->new("$ARGV[0]:$ARGV[1]") or die; alarm 85; select(undef, undef, undef, 0.5);
  for (1 .. 1200) { for ($left = $said = 'y' x 10000; length $left;) { $n = syswrite($s, $left) // die "write: $!"; substr($left, 0, $n) = '' } }
  shutdown($s, 1); while (sysread($s, $part, 1 << 20)) { $all += length $part; $last = substr($part, -9) } print "$all $last"`;
const sendAndHear = `const socket = require("net").connect({ host: process.argv[1], port: process.argv[2], allowHalfOpen: true }); process.stdin.pipe(socket); socket.pipe(process.stdout)`;
const udpEcho = `use Socket; socket(S, PF_INET, SOCK_DGRAM, 0); bind(S, sockaddr_in(7001, INADDR_ANY)) or die;
  while (my $from = recv(S, my $data, 65535, 0)) { send(S, $data, 0, $from) }`;
const udpAsk = `use Socket; socket(S, PF_INET, SOCK_DGRAM, 0); connect(S, sockaddr_in($ARGV[1], inet_aton($ARGV[0]))) or die;
  send(S, 'x' x $ARGV[2], 0) or die "send: $!"; alarm 20; recv(S, my $data, 65535, 0) // die "recv: $!"; print length $data`;

const here = describe.skipIf(!mayMakeNamespaces || missing.length > 0);

here.each([
  ['loop', 'kernel'],
  ['loop', 'router'],
  ['thread', 'kernel'],
] as const)('a router that reads its TUN device by a %s, connections ended by the %s', (reading, ending) => {
  let world: RoutedLaptop;

  beforeAll(async () => {
    world = await RoutedLaptop.make();
    await world.start({
      ...{ reading, ending, framing: 'vnet', mtu: 65_535, addresses: ['100.64.0.1', 'fd7a::1'], routes },
      routed: ['100.64.0.0/24', '10.20.0.0/16', 'fd20::/64'],
      reach: {
        carries: ['tcp', 'udp', 'icmp'],
        addresses: {
          [at.virtual]: onTheWire.four,
          [at.four]: onTheWire.four,
          [at.six]: onTheWire.six,
        },
        names: { 'db.internal': [at.four, at.six], 'public.internal': ['93.184.216.34', '2606:2800::1'] },
      },
      names: {
        responder: '100.64.0.2',
        names: [{ name: 'prod-web', address: at.virtual }],
        suffixes: ['internal'],
      },
    });
    await world.serve(process.execPath, ['-e', pages], 8080);
    await world.serve(process.execPath, ['-e', mirror], 7002);
    await world.serve(process.execPath, ['-e', talker], 7003);
    await world.serve('iperf3', ['-s', '-p', '5201'], 5201);
    await world.serve('perl', ['-e', udpEcho], 7001, true);
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    expect(leftoverNamespaces()).toEqual([]);
  });

  const curl = (url: string, ...more: readonly string[]) =>
    world.laptop.run('curl', [
      '-sS',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '--max-time',
      '30',
      ...more,
      url,
    ]);

  it('d9 IPv6: carries curl to a virtual address, to any address of a subnet, and to IPv6', async () => {
    for (const host of [at.virtual, at.four, `[${at.six}]`])
      expect((await curl(`http://${host}:8080/`)).stdout).toBe('200');
  });

  it('lets connect() tell the truth: refused where nothing listens, prohibited where nothing is granted', async () => {
    const refused = await curl(`http://${at.four}:81/`, '-v');
    expect([refused.status, refused.stderr]).toEqual([7, expect.stringContaining('Connection refused')]);
    const refused6 = await curl(`http://[${at.six}]:8081/`, '-v');
    expect([refused6.status, refused6.stderr]).toEqual([7, expect.stringContaining('Connection refused')]);
    const before = await world.tell({ what: 'counters' });
    expect((await curl(`http://${at.four}:9001/`)).status).toBe(7);
    expect((await curl(`http://${at.outside}:80/`)).status).toBe(7);
    const { drops } = await world.tell({ what: 'counters' });
    expect(drops['port-not-granted']).toBe((before.drops['port-not-granted'] ?? 0) + 1);
    expect(drops['address-not-granted']).toBe((before.drops['address-not-granted'] ?? 0) + 1);
  });

  it('answers ping for granted addresses, and says of others that they are prohibited', async () => {
    const ping = (host: string) => world.laptop.run('ping', ['-n', '-c', '2', '-i', '0.2', '-W', '20', host]);
    expect((await ping(at.four)).stdout).toContain('2 received');
    expect((await ping(at.six)).stdout).toContain('2 received');
    const refused = await ping(at.outside);
    expect(refused.stdout).toContain('2 packets transmitted, 0 received');
    expect(refused.stdout).toMatch(/filtered|prohibited/i);
  });

  it('carries datagrams, small ones and ones of 60 KB', async () => {
    const asked = (host: string, port: number, bytes: number) =>
      world.laptop.run('perl', ['-e', udpAsk, host, String(port), String(bytes)]);
    expect((await asked(at.four, 7001, 5)).stdout).toBe('5');
    expect((await asked(at.four, 7001, 60_000)).stdout).toBe('60000');
    // What is not granted fails at once, by ICMP, and not by waiting.
    expect((await asked(at.four, 7002, 5)).stderr).toMatch(
      /recv: (No route to host|Permission denied|Host is unreachable)/,
    );
  });

  it('d9 and d10: answers for granted names alone, over UDP and TCP, and leaves no AAAA to others', async () => {
    const dig = async (...args: readonly string[]) =>
      (await world.laptop.run('dig', ['@100.64.0.2', '+tries=2', '+time=15', ...args])).stdout;
    expect((await dig('+short', 'prod-web')).trim()).toBe(at.virtual);
    expect(await dig('prod-web', 'AAAA')).toMatch(/status: NOERROR[\s\S]*ANSWER: 0/);
    expect((await dig('+short', '+tcp', 'DB.internal')).trim()).toBe(at.four);
    expect((await dig('+short', 'db.internal', 'AAAA')).trim()).toBe(at.six);
    expect(await dig('none.internal')).toContain('status: NXDOMAIN');
    // A public address under a private name would lead past the tunnel: it is left out, and said so.
    for (const type of ['A', 'AAAA'])
      expect(await dig('public.internal', type)).toMatch(/NOERROR[\s\S]*ANSWER: 0[\s\S]*EDE: 15/);
    for (const name of ['example.com', 'internal.example.com', 'xinternal', 'amazonaws.com'])
      expect(await dig(name)).toContain('status: REFUSED');
    // A browser's other question about a name of ours is answered with nothing.
    expect(await dig('prod-web', 'HTTPS')).toMatch(/status: NOERROR[\s\S]*ANSWER: 0/);
  });

  it('carries bulk both ways, every byte of it, and a half-close', async () => {
    const file = `${world.laptop.etc}/bulk`;
    const ask = ['-e', sendAndHear, at.four, '7002'].map((part) => `'${part}'`).join(' ');
    const script = `head -c 20000000 /dev/urandom > ${file}; cksum < ${file}; ${process.execPath} ${ask} < ${file} | cksum`;
    const [sent, heard] = (await world.laptop.ask('sh', ['-c', script], { timeout: 120_000 }))
      .trim()
      .split('\n');
    expect(sent).toMatch(/ 20000000$/);
    expect(heard).toBe(sent);
  });

  it('carries what a program says that reads nothing before it has said all, its window closed meanwhile', async () => {
    const heard = await world.laptop.ask('perl', ['-e', sendThenHear, at.four, '7003'], { timeout: 90_000 });
    expect(heard).toBe('12000009  12000000');
  });

  it('carries eight streams of a real iperf3 at once', async () => {
    for (const options of [
      ['-P', '8'],
      ['-R', '-P', '8'],
    ]) {
      // By time: by volume it ends when all is sent, whatever of it still stands in buffers.
      const args = ['-J', '-c', at.four, '-t', '3', ...options];
      const { stdout } = await world.laptop.run('iperf3', args, { timeout: 120_000 });
      const { error, end } = JSON.parse(stdout) as {
        error?: string;
        end: { sum_received: { bytes: number }; streams: { receiver: { bytes: number } }[] };
      };
      expect(error).toBeUndefined();
      expect(end.sum_received.bytes).toBeGreaterThan(1_000_000);
      expect(end.streams).toHaveLength(8);
      for (const { receiver } of end.streams) expect(receiver.bytes).toBeGreaterThan(0);
    }
  });

  it('resets what a changed grant no longer covers, and lets the rest run on', async () => {
    const hold = (port: number) => {
      const script = `exec 3<>/dev/tcp/${at.four}/${port} || exit 9; echo up; timeout 30 cat <&3 >/dev/null; echo "ended $?"`;
      return world.laptop.spawn('bash', ['-c', script]);
    };
    const said = (child: ReturnType<typeof hold>, text: string) =>
      new Promise<void>((resolve) => {
        let heard = '';
        child.stdout!.on('data', (bytes: Buffer) => {
          heard += bytes.toString();
          if (heard.includes(text)) resolve();
        });
      });
    const [kept, lost] = [hold(8080), hold(5201)];
    await Promise.all([said(kept, 'up'), said(lost, 'up')]);
    const ended = said(lost, 'ended 1');
    const narrowed = routes.map((route) =>
      route.proto === 'tcp' && route.cidr === '10.20.0.0/24' ? { ...route, ports: [[8080, 8080]] } : route,
    );
    // Streams of the test before may still be ending.
    const open = async () => (await world.tell({ what: 'counters' })).flows.tcp;
    const before = await open();
    await world.tell({ what: 'change', routes: narrowed });
    await ended;
    await expect.poll(open, { timeout: 30_000 }).toBeLessThan(before);
    expect((await curl(`http://${at.four}:8080/`)).stdout).toBe('200');
    expect((await curl(`http://${at.four}:5201/`)).status).toBe(7);
    kept.kill('SIGKILL');
    await world.tell({ what: 'change', routes });
  });

  it('leaves no device and no route when it is killed under load', async () => {
    expect(await world.laptop.ip('link')).toContain('tun0');
    const load = world.laptop.spawn('iperf3', ['-c', at.four, '-t', '60'], { stdio: 'ignore' });
    while ((await world.tell({ what: 'counters' })).bytesUp < 60_000_000)
      await new Promise((next) => setTimeout(next, 50));
    await world.kill();
    const left = [
      await world.laptop.ip('link'),
      await world.laptop.ip('route'),
      await world.laptop.ip('-6', 'route'),
    ].join('\n');
    expect(left).not.toContain('tun0');
    load.kill('SIGKILL');
  });
});

describe.skipIf(!mayMakeNamespaces || missing.length > 0 || find('nft') === undefined)(
  'a router of a packet filter',
  () => {
    let world: RoutedLaptop;

    beforeAll(async () => {
      world = await RoutedLaptop.make();
      // Without a device these addresses need a route for the kernel to send anything at all; the filter then takes it.
      for (const [family, range] of [
        ['-4', '10.20.0.0/16'],
        ['-4', '100.64.0.0/24'],
        ['-6', 'fd20::/64'],
      ] as const)
        await world.laptop.ip(family, 'route', 'add', range, 'dev', 'w0');
      await world.startFilter({
        routes: [
          { cidr: '10.20.0.0/24', ports: [[1, 9000]], proto: 'tcp' },
          { cidr: `${at.four}/32`, ports: [[7001, 7001]], proto: 'udp' },
          { cidr: 'fd20::/64', ports: [[8080, 8081]], proto: 'tcp' },
        ],
        reach: {
          carries: ['tcp', 'udp'],
          addresses: { [at.four]: onTheWire.four, [at.six]: onTheWire.six },
          names: { 'db.internal': [at.four] },
        },
        names: { responder: '100.64.0.2', names: [], suffixes: ['internal'] },
      });
      await world.serve(process.execPath, ['-e', pages], 8080);
      await world.serve('perl', ['-e', udpEcho], 7001, true);
    });

    afterAll(async () => {
      await world[Symbol.asyncDispose]();
      expect(leftoverNamespaces()).toEqual([]);
    });

    it('carries TCP to any granted address and port, datagrams to single ones, and names, without any device', async () => {
      const curl = (url: string) => world.laptop.ask('curl', ['-sS', '--max-time', '30', url]);
      expect(await curl(`http://${at.four}:8080/`)).toBe('hello');
      expect(await curl(`http://[${at.six}]:8080/`)).toBe('hello');
      expect(await world.laptop.ask('perl', ['-e', udpAsk, at.four, '7001', '900'])).toBe('900');
      for (const way of ['+notcp', '+tcp'])
        expect(
          (await world.laptop.ask('dig', ['@100.64.0.2', '+short', '+time=15', way, 'db.internal'])).trim(),
        ).toBe(at.four);
      expect(await world.laptop.ip('-o', 'link')).not.toContain('tun');
      const { connects, names } = await world.tell({ what: 'counters' });
      expect(connects).toMatchObject({ opened: 2 });
      expect(names.answered).toBe(2);
    });

    it('resets what the far side refuses, and whoever dials its listener directly', async () => {
      // The reset may come before or after curl has seen its connection.
      const refused = await world.laptop.run('curl', ['-sS', '--max-time', '30', `http://${at.four}:81/`]);
      expect([7, 52, 56]).toContain(refused.status);
      const { connects } = await world.tell({ what: 'counters' });
      expect(connects).toMatchObject({ refused: 1, failed: 0 });
      const listed = await world.laptop.ask('ss', ['-Hltn']);
      const port = /127\.0\.0\.1:(\d+)/.exec(listed)![1]!;
      const dialled = await world.laptop.run('curl', [
        '-sS',
        '--max-time',
        '30',
        `http://127.0.0.1:${port}/`,
      ]);
      expect([7, 52, 56]).toContain(dialled.status);
    });

    it('leaves no rule when it is killed', async () => {
      expect(await world.laptop.ask('nft', ['list', 'tables'])).toContain('inet sp');
      await world.kill();
      await expect.poll(() => world.laptop.ask('nft', ['list', 'tables']), { timeout: 30_000 }).toBe('');
    });
  },
);
