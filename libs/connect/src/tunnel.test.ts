import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { systemClock, systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { ControlPlaneDouble, secretAccessKey, sessionToken } from '../test/control-plane-double.ts';
import { LoopbackGateway } from '../test/loopback-gateway.ts';
import { Tunnel, type TunnelPorts } from './index.ts';

const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';

/** Answers every chunk with itself; says `bye` when the other side has said all it has to say. */
let echo: Server;
let echoPort: number;
const open: { close(): Promise<unknown> }[] = [];

beforeEach(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    open.push({ close: async () => socket.destroy() });
    socket.on('data', (bytes) => socket.write(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
  });
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  echoPort = (echo.address() as AddressInfo).port;
});

afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
  await new Promise((done) => echo.close(done));
});

async function world(
  over: Partial<{ lifeSeconds: number; ports: number[] }> = {},
  effects = systemEffects(),
) {
  const gateway = new LoopbackGateway(effects, echoPort);
  const controlPlane = new ControlPlaneDouble(() => effects.clock.now(), over.lifeSeconds);
  const hints = new Set<(hint: { topic: string; id: string }) => void>();
  const lines: string[] = [];
  const states: string[] = [];
  const ports: TunnelPorts = {
    controlPlane,
    ssm: gateway.ssm,
    transport: gateway.transport,
    effects,
    debug: (happening, fields) => lines.push(`${happening} ${JSON.stringify(fields)}`),
    onHint: (listener) => (hints.add(listener), () => hints.delete(listener)),
  };
  const start = () =>
    Tunnel.open(
      {
        grantId,
        listen: { on: 'ports', ports: over.ports ?? [0] },
        pool: { sessionsMax: 1 },
        clientVersion: '0.1.0',
        rules: { controlPlane: new URL('http://localhost:3000') },
      },
      ports,
      { state: (state) => states.push(state), reconnecting: () => states.push('told') },
    ).then((tunnel) => (open.push(tunnel), tunnel));
  return {
    gateway,
    controlPlane,
    start,
    lines,
    states,
    hint: (id: string) => hints.forEach((h) => h({ topic: 'grant', id })),
  };
}

async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.toString();
}

describe('a tunnel', () => {
  it('carries bytes between a local port and the resource, and tells the control plane how many', async () => {
    const { start, controlPlane, gateway } = await world();
    const tunnel = await start();
    expect(await exchange(tunnel.port, 'hello')).toBe('hello');
    expect(await exchange(tunnel.port, '\n')).toBe('\n');
    const end = await tunnel.close();
    expect(end).toEqual({ reason: 'client_exit', order: null, problem: null });
    expect(controlPlane.closed).toEqual([{ reason: 'client_exit', bytesUp: 6, bytesDown: 6 }]);
    expect(gateway.calls).toEqual(['StartSession lse_1', 'open signed', 'TerminateSession']);
  });

  it('carries one connection by a document without a type, whose resource speaks first', async () => {
    const { start, gateway } = await world();
    gateway.oneConnection = true;
    echo.on('connection', (socket: Socket) => socket.write('SSH-2.0-first\r\n'));
    const tunnel = await start();
    const socket = connect(tunnel.port, '127.0.0.1');
    const [banner] = (await once(socket, 'data')) as [Buffer];
    expect(banner.toString()).toBe('SSH-2.0-first\r\n');
    socket.write('hello');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('hello');
    socket.destroy();
  });

  it('brings the answer that comes after the local program has said its last word', async () => {
    const { start } = await world();
    const tunnel = await start();
    const socket = connect({ port: tunnel.port, host: '127.0.0.1', allowHalfOpen: true });
    const received: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => received.push(bytes));
    socket.end('last word');
    await once(socket, 'end');
    expect(Buffer.concat(received).toString()).toBe('last word');
  });

  it('resumes the session with a fresh lease when the connection breaks, and open connections live on', async () => {
    const { start, gateway, states } = await world();
    const tunnel = await start();
    const socket = connect(tunnel.port, '127.0.0.1');
    socket.write('before');
    await once(socket, 'data');
    gateway.drop();
    socket.write('after');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('after');
    expect(gateway.calls).toContain('ResumeSession lse_2');
    expect(states).toEqual(['open', 'reconnecting', 'told', 'open']);
    socket.destroy();
  });

  it('goes on at once after the break of a connection that was too full to take more', async () => {
    const { start, gateway } = await world();
    const tunnel = await start();
    const socket = connect(tunnel.port, '127.0.0.1');
    socket.write('before');
    await once(socket, 'data');
    gateway.congested = true;
    socket.write('after');
    await vi.waitFor(() => expect(gateway.congestionsMet).toBeGreaterThan(0), { timeout: 30_000 });
    gateway.drop();
    gateway.congested = false;
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('after');
    socket.destroy();
  });

  it('starts a fresh session when AWS has ended the old one, and new connections wait for it', async () => {
    const { start, gateway, states } = await world();
    const tunnel = await start();
    gateway.failures.resume = 'gone';
    gateway.drop();
    await vi.waitFor(() => expect(states).toContain('reconnecting'), { timeout: 30_000 });
    expect(await exchange(tunnel.port, 'again')).toBe('again');
    expect(gateway.calls.filter((call) => call.startsWith('StartSession'))).toEqual([
      'StartSession lse_1',
      'StartSession lse_2',
    ]);
  });

  it('cuts local connections when a hint and the heartbeat say that the grant was revoked', async () => {
    const { start, controlPlane, hint, gateway } = await world();
    const tunnel = await start();
    const socket = connect(tunnel.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('x');
    await once(socket, 'data');
    controlPlane.order = { code: 'GRANT_ENDED', reason: 'revoked', comment: 'laptop lost' };
    hint(grantId);
    const [end] = await Promise.all([tunnel.ended, new Promise((gone) => socket.once('close', gone))]);
    expect(end).toMatchObject({ reason: 'revoked', order: { comment: 'laptop lost' } });
    await expect(exchange(tunnel.port, 'x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(gateway.calls).not.toContain('TerminateSession');
  });

  it('ends with the grant when the service closes the channel and the control plane says why', async () => {
    const { start, controlPlane, gateway } = await world();
    const tunnel = await start();
    controlPlane.order = { code: 'GRANT_ENDED', reason: 'expired', comment: null };
    gateway.close();
    expect(await tunnel.ended).toMatchObject({ reason: 'grant_ended', order: { reason: 'expired' } });
  });

  it('gets no lease back for an ended grant, and says so', async () => {
    const { start, controlPlane, gateway } = await world();
    const tunnel = await start();
    controlPlane.ended = { reason: 'returned', comment: null };
    gateway.drop();
    expect(await tunnel.ended).toMatchObject({ order: { code: 'GRANT_ENDED', reason: 'returned' } });
  });

  it('does not speak of getting a connection back when the control plane refuses the beat of an ended grant', async () => {
    const { start, controlPlane, gateway, states } = await world();
    const tunnel = await start();
    controlPlane.ended = { reason: 'revoked', comment: 'laptop lost' };
    controlPlane.refusal = 'SESSION_CLOSED';
    gateway.drop();
    expect(await tunnel.ended).toMatchObject({ reason: 'revoked', order: { comment: 'laptop lost' } });
    expect(states).not.toContain('told');
  });

  it('does not speak of it either while the control plane is silent, and does once it gives a lease', async () => {
    const effects = simulatedEffects({ startMs: systemClock.now() });
    const { start, controlPlane, gateway, states } = await world({}, effects);
    await start();
    controlPlane.unreachable = true;
    gateway.drop();
    await effects.time.advanceAsync(5_000);
    expect(states).toEqual(['open', 'reconnecting']);
    controlPlane.unreachable = false;
    await effects.time.advanceAsync(10_000);
    expect(states).toEqual(['open', 'reconnecting', 'told', 'open']);
  });

  it('refuses a stream URL that leads elsewhere, before anything is signed for it', async () => {
    const { start, gateway, controlPlane } = await world();
    gateway.streamUrl = (id) => `ws://127.0.0.1:10/v1/data-channel/${id}?role=publish_subscribe`;
    await expect(start()).rejects.toMatchObject({ code: 'STREAM_URL_FOREIGN' });
    expect(gateway.calls.some((call) => call.startsWith('open'))).toBe(false);
    expect(controlPlane.calls.at(-1)).toBe('close error');
  });

  it('asks for no lease when the local port is taken', async () => {
    const { start, controlPlane } = await world({ ports: [echoPort] });
    await expect(start()).rejects.toMatchObject({ code: 'LOCAL_PORT_TAKEN', exitCode: 11 });
    expect(controlPlane.calls).toEqual([]);
  });

  it('closes the session in the control plane when AWS refuses to start one', async () => {
    const { start, controlPlane, gateway } = await world();
    gateway.failures.start = new Problem('SSM_SESSION_REFUSED');
    await expect(start()).rejects.toMatchObject({ code: 'SSM_SESSION_REFUSED' });
    expect(controlPlane.calls).toEqual(['lease', 'open', 'close error']);
  });

  it('tells debugging what happens and never a secret', async () => {
    const { start, lines, gateway } = await world();
    const tunnel = await start();
    gateway.drop();
    await exchange(tunnel.port, 'payload-canary');
    await tunnel.close();
    const told = lines.join('\n');
    for (const secret of [secretAccessKey, sessionToken, 'token-of-', 'payload-canary'])
      expect(told).not.toContain(secret);
    // The canary can fail: what is told does contain ids of the same calls.
    expect(told).toContain('lse_2');
  });
});

describe('time', () => {
  it('ends the tunnel by its own clock when the grant is over and the control plane is silent', async () => {
    const effects = simulatedEffects({ startMs: systemClock.now() });
    const { start, controlPlane } = await world({ lifeSeconds: 60 }, effects);
    const tunnel = await start();
    controlPlane.unreachable = true;
    await effects.time.advanceAsync(62_500);
    expect(await tunnel.ended).toMatchObject({ order: { code: 'GRANT_ENDED', reason: 'expired' } });
  });

  it('does not end before the control plane does when the clock of this machine is ahead', async () => {
    const effects = simulatedEffects({ startMs: systemClock.now() });
    const { start } = await world({ lifeSeconds: 60 }, effects);
    const tunnel = await start();
    await effects.time.advanceAsync(70_000);
    expect(tunnel.state).toBe('open');
  });

  it('notices a peer that is dead without a word within a minute, and resumes', async () => {
    const effects = simulatedEffects({ startMs: systemClock.now() });
    const { start, gateway } = await world({}, effects);
    await start();
    gateway.silent = true;
    await effects.time.advanceAsync(59_000);
    gateway.silent = false;
    await effects.time.advanceAsync(1_000);
    expect(gateway.calls).toContain('ResumeSession lse_2');
  });

  it('does not answer the echo of its own beat with another', async () => {
    const effects = simulatedEffects({ startMs: systemClock.now() });
    const { start, controlPlane, hint } = await world({}, effects);
    await start();
    await effects.time.advanceAsync(100);
    hint('ses_1');
    await effects.time.advanceAsync(100);
    expect(controlPlane.calls.filter((call) => call === 'beat open')).toHaveLength(1);
    await effects.time.advanceAsync(1_000);
    hint('ses_1');
    await effects.time.advanceAsync(100);
    expect(controlPlane.calls.filter((call) => call === 'beat open')).toHaveLength(2);
  });

  it('beats every ten seconds', async () => {
    const effects = simulatedEffects({ startMs: systemClock.now() });
    const { start, controlPlane } = await world({}, effects);
    await start();
    await effects.time.advanceAsync(30_000);
    expect(controlPlane.calls.filter((call) => call === 'beat open')).toHaveLength(4);
  });
});
