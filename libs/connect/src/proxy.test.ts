import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { certified } from '../test/certificate-authority.ts';
import { ConnectProxy } from '../test/connect-proxy.ts';
import { ControlPlaneDouble } from '../test/control-plane-double.ts';
import {
  awsSsmSessions,
  checkStreamUrl,
  endpointFor,
  proxiesOfEnvironment,
  webSocketTransport,
} from './index.ts';

const [ssm, gateway] = ['ssm.eu-west-1.amazonaws.com', 'ssmmessages.eu-west-1.amazonaws.com'];
const sessionId = 'jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y-0123456789abcdef0';
const streamUrl = `wss://${gateway}/v1/data-channel/${sessionId}?role=publish_subscribe`;
const rules = { controlPlane: new URL('https://sallyport.example.com') };
const signal = new AbortController().signal;
const trusted = getCACertificates('default');

/** AWS as far as a proxy shows it: TLS with a certificate for its names, StartSession, and a WebSocket that greets. */
let aws: Server;
let channels: WebSocketServer;
let hosts: (string | undefined)[];
let proxy: ConnectProxy;

beforeAll(async () => {
  const { ca, server } = await certified([ssm, gateway]);
  setDefaultCACertificates([...trusted, ca]);
  aws = createServer(server, (request, response) => {
    hosts.push(request.headers.host);
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ SessionId: sessionId, TokenValue: 'token', StreamUrl: streamUrl }));
  });
  channels = new WebSocketServer({ server: aws });
  channels.on('connection', (socket, request) => {
    hosts.push(request.headers.host);
    socket.send(Buffer.from('greeting'));
  });
  await once(aws.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  setDefaultCACertificates(trusted);
  for (const client of channels.clients) client.terminate();
  aws.closeAllConnections();
  await new Promise((done) => aws.close(done));
});
beforeEach(async () => {
  hosts = [];
  proxy = await ConnectProxy.start((aws.address() as AddressInfo).port);
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy'])
    vi.stubEnv(name, '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await proxy.close();
});

async function lease() {
  const { clock } = simulatedEffects();
  const issued = await new ControlPlaneDouble(() => clock.now()).issueLease('grt_1');
  return { ...issued, endpoint: null };
}

async function startSession() {
  const held = await lease();
  return awsSsmSessions.start(held, endpointFor(held, rules), signal);
}

/** Opens the data channel and waits for the greeting. */
async function greeted(): Promise<string> {
  const url = checkStreamUrl(streamUrl, sessionId, endpointFor(await lease(), rules), rules);
  return new Promise((resolve, reject) => {
    const sink = {
      message: (bytes: Uint8Array) => resolve(Buffer.from(bytes).toString()),
      ...{ heard: () => undefined, drained: () => undefined, closed: () => undefined },
    };
    webSocketTransport.open(url, {}, sink, signal).catch(reject);
  });
}

describe.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])('with %s', (variable) => {
  it('API calls and the data channel go through the proxy, encrypted to AWS’s own names', async () => {
    vi.stubEnv(variable, proxy.url());
    expect(await startSession()).toEqual({ sessionId, token: 'token', streamUrl });
    expect(await greeted()).toBe('greeting');
    expect(proxy.asked).toEqual([`${ssm}:443`, `${gateway}:443`]);
    expect(proxy.granted).toBe(2);
    expect(hosts).toEqual([ssm, gateway]);
  });
});

describe('a proxy that asks for name and password', () => {
  it('is told them, as the address holds them, percent-encoded or not', async () => {
    proxy.credentials = 'ann:p@ss word';
    vi.stubEnv('HTTPS_PROXY', proxy.url('ann:p%40ss%20word'));
    await startSession();
    await greeted();
    expect(proxy.granted).toBe(2);
  });

  it('and is not told them refuses with PROXY_REFUSED, and no word of the password', async () => {
    proxy.credentials = 'ann:right';
    vi.stubEnv('HTTPS_PROXY', proxy.url('ann:canary-password'));
    const refusals = await Promise.all(
      [startSession(), greeted()].map((asked) => asked.catch((e: Error) => e)),
    );
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: 'PROXY_REFUSED', exitCode: 11 });
      const told = [(refusal as Error).message, (refusal as Error).stack, JSON.stringify(refusal)].join('\n');
      expect(told).toContain('127.0.0.1');
      expect(told).not.toContain('canary-password');
      expect(told).not.toContain(Buffer.from('ann:canary-password').toString('base64'));
    }
    expect(hosts).toEqual([]);
  });
});

describe('a proxy', () => {
  it.each([
    [403, 'PROXY_REFUSED'],
    [502, 'PROXY_UNREACHABLE'],
    [503, 'PROXY_UNREACHABLE'],
  ])('that answers %i is %s', async (status, code) => {
    proxy.refusal = status;
    vi.stubEnv('HTTPS_PROXY', proxy.url());
    await expect(startSession()).rejects.toMatchObject({ code });
    await expect(greeted()).rejects.toMatchObject({ code });
  });

  it('that is not there is PROXY_UNREACHABLE', async () => {
    const gone = await ConnectProxy.start(9);
    vi.stubEnv('HTTPS_PROXY', gone.url());
    await gone.close();
    await expect(startSession()).rejects.toMatchObject({ code: 'PROXY_UNREACHABLE' });
    await expect(greeted()).rejects.toMatchObject({ code: 'PROXY_UNREACHABLE' });
  });

  it('is not asked for a host of NO_PROXY, nor for this machine', () => {
    vi.stubEnv('HTTPS_PROXY', proxy.url());
    vi.stubEnv('HTTP_PROXY', proxy.url());
    vi.stubEnv('NO_PROXY', '.eu-west-1.amazonaws.com,plain.example');
    const way = (url: string) => proxiesOfEnvironment(new URL(url))?.host;
    const through = new URL(proxy.url()).host;
    expect(way(`https://${ssm}`)).toBeUndefined();
    expect(way(streamUrl)).toBeUndefined();
    expect(way('https://plain.example')).toBeUndefined();
    expect(way('https://ssm.us-east-1.amazonaws.com')).toBe(through);
    expect(way('wss://ssmmessages.us-east-1.amazonaws.com')).toBe(through);
    for (const local of ['http://127.0.0.1:4566', 'ws://localhost:4566', 'https://[::1]:1'])
      expect(way(local)).toBeUndefined();
  });

  it('whose address is none is refused without telling it', () => {
    for (const text of [
      'http://ann:canary@',
      'socks5://ann:canary@127.0.0.1:1080',
      'http://ann:canary@:x',
      'http://ann:canary%@127.0.0.1:1080',
    ]) {
      vi.stubEnv('HTTPS_PROXY', text);
      const asked = () => proxiesOfEnvironment(new URL(`https://${ssm}`));
      expect(asked).toThrowError(expect.objectContaining({ code: 'CONNECTION_SETTING_INVALID' }));
      expect(asked).not.toThrowError(/canary/u);
    }
  });
});
