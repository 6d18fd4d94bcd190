import { execFile } from 'node:child_process';
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { listenForSocks, type SocksListener } from './listener.ts';
import { Negotiation, replyOf, type Destination } from './negotiation.ts';

const greeting = Uint8Array.of(5, 1, 0);
const name = (host: string, port: number) =>
  Uint8Array.of(5, 1, 0, 3, host.length, ...Buffer.from(host), port >> 8, port & 255);

describe('the negotiation', () => {
  it('takes a name however the bytes are cut, and leaves what follows to the connection', () => {
    const all = Buffer.concat([greeting, name('prod-web.internal', 8080), Buffer.from('GET /')]);
    for (let cut = 1; cut < all.length - 5; cut++) {
      const negotiation = new Negotiation();
      const first = negotiation.take(all.subarray(0, cut));
      const last = first.is === 'asked' ? first : negotiation.take(all.subarray(cut));
      expect(last).toMatchObject({ is: 'asked', destination: { host: 'prod-web.internal', port: 8080 } });
      expect(last.is === 'asked' && Buffer.from(last.rest).toString()).toBe('GET /');
    }
  });

  it.each([
    ['IPv4', Uint8Array.of(5, 1, 0, 1, 10, 0, 2, 60, 31, 144), '10.0.2.60'],
    ['IPv6', Uint8Array.of(5, 1, 0, 4, 0xfd, ...new Array<number>(14).fill(0), 1, 31, 144), 'fd00::1'],
  ])('reads an %s address', (_, request, host) => {
    const negotiation = new Negotiation();
    negotiation.take(greeting);
    expect(negotiation.take(request)).toMatchObject({ is: 'asked', destination: { host, port: 8080 } });
  });

  it.each([
    ['SOCKS4', Uint8Array.of(4, 1, 0, 80, 1, 2, 3, 4, 0), undefined],
    ['HTTP', Buffer.from('GET / HTTP/1.1'), undefined],
    ['only passwords', Uint8Array.of(5, 1, 2), 0xff],
    ['BIND', Uint8Array.of(5, 1, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 1), 7],
    ['an unknown address type', Uint8Array.of(5, 1, 0, 5, 1, 0, 9, 0, 0, 0, 0, 0, 1), 8],
    ['a name that is none', Buffer.concat([greeting, name('a\nb', 80)]), 8],
  ])('refuses %s', (_, bytes, code) => {
    const step = new Negotiation().take(bytes);
    expect(step.is).toBe('refused');
    if (code === undefined) expect(step.is === 'refused' && step.send).toBe(undefined);
    else expect(step.is === 'refused' && step.send).toContain(code);
  });

  it('never waits for more than the longest request', () => {
    const negotiation = new Negotiation();
    negotiation.take(greeting);
    expect(negotiation.take(new Uint8Array(4096).fill(5)).is).toBe('refused');
  });
});

describe('the listener', () => {
  let web: Server;
  let socks: SocksListener;
  let refused: Destination[];
  let admit = true;

  beforeEach(async () => {
    web = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello'),
      );
    });
    await once(web.listen(0, '127.0.0.1'), 'listening');
    refused = [];
    admit = true;
    socks = await listenForSocks({
      port: 0,
      effects: systemEffects(),
      admit: () => admit,
      refused: (destination) => refused.push(destination),
      targets: () => [
        {
          name: 'prod-web',
          host: '10.0.2.60',
          port: 8080,
          carry: (duplex) => {
            const upstream = connect((web.address() as AddressInfo).port, '127.0.0.1');
            duplex.pipe(upstream).pipe(duplex);
          },
        },
        {
          takes: ({ host }) => host.startsWith('10.9.') || host.endsWith('.vpc.example'),
          open: async ({ host }) => {
            if (host === '10.9.0.66') throw new Problem('FLOW_REFUSED');
            if (host === '10.9.0.67') throw new Problem('FLOW_TIMED_OUT');
            const upstream = connect({
              port: (web.address() as AddressInfo).port,
              host: '127.0.0.1',
              allowHalfOpen: true,
            });
            await once(upstream, 'connect');
            return upstream;
          },
        },
      ],
    });
  });
  afterEach(async () => {
    await socks.close();
    web.close();
  });

  const curl = (url: string) =>
    promisify(execFile)('curl', [
      ...['--silent', '--show-error', '--max-time', '20', '--noproxy', ''],
      ...['--socks5-hostname', `127.0.0.1:${socks.port}`, url],
    ]);

  it.each(['http://10.9.0.5:81/', 'http://web.vpc.example/'])(
    'dials a network before it says yes: curl to %s',
    async (url) => {
      expect((await curl(url)).stdout).toBe('hello');
    },
  );

  it.each([
    ['10.9.0.66', 'refused'],
    ['10.9.0.67', 'hostUnreachable'],
  ] as const)('says why %s of a network did not accept', async (host, reply) => {
    const socket = connect(socks.port, '127.0.0.1');
    socket.write(Buffer.concat([greeting, name(host, 80)]));
    const answer: Buffer[] = [];
    socket.on('data', (bytes) => answer.push(bytes));
    await once(socket, 'close');
    expect(Buffer.concat(answer)).toEqual(Buffer.concat([Uint8Array.of(5, 0), replyOf(reply)]));
  });

  it.each(['http://prod-web:8080/', 'http://10.0.2.60:8080/', 'http://PROD-WEB:8080/'])(
    'carries curl to %s',
    async (url) => {
      expect((await curl(url)).stdout).toBe('hello');
    },
  );

  it.each(['http://prod-web:8081/', 'http://10.0.2.61:8080/', 'http://169.254.169.254:8080/'])(
    'does not allow %s, and says so',
    async (url) => {
      await expect(curl(url)).rejects.toMatchObject({ code: 97 });
      expect(refused).toHaveLength(1);
    },
  );

  it('answers 0x02 for what is not granted', async () => {
    const socket = connect(socks.port, '127.0.0.1');
    socket.write(Buffer.concat([greeting, name('elsewhere', 80)]));
    const answer: Buffer[] = [];
    socket.on('data', (bytes) => answer.push(bytes));
    await once(socket, 'close');
    expect(Buffer.concat(answer)).toEqual(Buffer.concat([Uint8Array.of(5, 0), replyOf('notAllowed')]));
  });

  it('carries nothing for a program that is not admitted', async () => {
    admit = false;
    await expect(curl('http://prod-web:8080/')).rejects.toMatchObject({ code: expect.any(Number) as number });
    expect(refused).toEqual([]);
  });

  it('refuses a port that is taken', async () => {
    await expect(
      listenForSocks({
        port: socks.port,
        effects: systemEffects(),
        refused: () => undefined,
        targets: () => [],
      }),
    ).rejects.toMatchObject({ code: 'LOCAL_PORT_TAKEN', exitCode: 11 });
  });
});

it('leaves no timer behind for a program that was gone before it was judged', async () => {
  const effects = systemEffects();
  const armed = new Set<object>();
  const judged = Promise.withResolvers<boolean>();
  const waiting = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const socks = await listenForSocks({
    port: 0,
    effects: {
      ...effects,
      timers: {
        ...effects.timers,
        after: (ms, run) => {
          const timer = effects.timers.after(ms, run);
          armed.add(timer);
          return timer;
        },
        cancel: (timer) => {
          armed.delete(timer);
          effects.timers.cancel(timer);
        },
      },
    },
    admit: (socket) => {
      socket.once('close', () => left.resolve());
      socket.resume();
      waiting.resolve();
      return judged.promise;
    },
    refused: () => undefined,
    targets: () => [],
  });
  const program = connect(socks.port, '127.0.0.1');
  await waiting.promise;
  program.resetAndDestroy();
  await left.promise;
  judged.resolve(true);
  await new Promise((turn) => setImmediate(turn));
  expect(armed.size).toBe(0);
  await socks.close();
});
