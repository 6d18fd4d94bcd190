import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Listener } from '../world/world.ts';
import { PrivateNetwork } from './private-network.ts';

const gateway = 'i-0b5c1d2e3f4a50617';
const listeners: Listener[] = [
  {
    host: 'web.internal',
    address: '10.0.2.60',
    address6: 'fd00:10:2::60',
    protocol: 'tcp',
    port: 8080,
    backing: { kind: 'echo' },
  },
  {
    host: 'clock.internal',
    address: '10.0.2.70',
    protocol: 'udp',
    port: 123,
    backing: { kind: 'echo' },
  },
  {
    host: 'localhost',
    address: 'localhost',
    protocol: 'tcp',
    port: 22,
    instance: gateway,
    backing: { kind: 'echo' },
  },
];

function network() {
  const dialled: string[] = [];
  const made = new PrivateNetwork(
    {
      listeners,
      hosts: [{ name: 'still.internal', address: '10.0.9.9' }],
      instances: [{ address: '10.0.1.10' }],
      vpcCidrs: ['10.0.0.0/16'],
    },
    (_backing, { host, port }) => {
      dialled.push(`${host}:${port}`);
      return Promise.resolve(duplexPair()[0]);
    },
    (_backing, received) => ({ send: (datagram) => received(datagram), close: () => undefined }),
  );
  return { network: made, dialled };
}

describe('the private network', () => {
  it('answers a name with the addresses of the family that was asked for', () => {
    const { network: net } = network();
    expect(net.lookUp('web.internal', 'A')).toEqual({ known: true, addresses: ['10.0.2.60'] });
    expect(net.lookUp('WEB.internal.', 'AAAA')).toEqual({ known: true, addresses: ['fd00:10:2::60'] });
    expect(net.lookUp('still.internal', 'AAAA')).toEqual({ known: true, addresses: [] });
    expect(net.lookUp('example.com', 'A')).toEqual({ known: false, addresses: [] });
  });

  it('reaches one listener by either family, however the address is written', async () => {
    const { network: net, dialled } = network();
    await net.connect('10.0.2.60', 8080);
    await net.connect('FD00:0010:0002:0:0:0:0:60', 8080);
    expect(dialled).toEqual(['web.internal:8080', 'web.internal:8080']);
  });

  it('tells a port where nothing listens from an address that nobody has', async () => {
    const { network: net } = network();
    await expect(net.connect('10.0.2.60', 81)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(net.connect('10.0.1.10', 22)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(net.connect('10.0.77.77', 80)).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
  });

  it('keeps the loopback of an instance to that instance', async () => {
    const { network: net, dialled } = network();
    await net.dial(['127.0.0.1'], 22, gateway);
    expect(dialled).toEqual(['localhost:22']);
    await expect(net.dial(['127.0.0.1'], 22, 'i-other')).rejects.toThrow('connection refused');
    await expect(net.connect('127.0.0.1', 22)).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
  });

  it('hands a connection to what a program of an instance serves on its loopback', async () => {
    const { network: net } = network();
    net.serveOnLoopback(gateway, 7443, (socket) => socket.pipe(socket));
    const socket = await net.dial(['127.0.0.1'], 7443, gateway);
    socket.write('there');
    const [back] = (await once(socket, 'data')) as [Buffer];
    expect(String(back)).toBe('there');
    await expect(net.dial(['127.0.0.1'], 7443, 'i-other')).rejects.toThrow('connection refused');
    socket.destroy();
  });

  it('carries datagrams, and answers a port where nothing listens with a refusal', async () => {
    const { network: net } = network();
    const received: string[] = [];
    const flow = net.datagrams(
      '10.0.2.70',
      123,
      (datagram) => received.push(String(Buffer.from(datagram))),
      () => undefined,
    );
    flow.send(Buffer.from('when?'));
    expect(received).toEqual(['when?']);
    const refused = Promise.withResolvers<string>();
    net
      .datagrams(
        '10.0.2.70',
        124,
        () => undefined,
        ({ code }) => refused.resolve(code),
      )
      .send(Buffer.from('?'));
    expect(await refused.promise).toBe('ECONNREFUSED');
    expect(() =>
      net.datagrams(
        '10.0.77.77',
        53,
        () => undefined,
        () => undefined,
      ),
    ).toThrow('EHOSTUNREACH');
  });

  it('answers pings to every host it knows, and to no other address', () => {
    const { network: net } = network();
    for (const address of ['10.0.2.60', 'fd00:10:2::60', '10.0.2.70', '10.0.9.9', '10.0.1.10'])
      expect(net.answers(address)).toBe(true);
    expect(net.answers('10.0.77.77')).toBe(false);
  });
});
