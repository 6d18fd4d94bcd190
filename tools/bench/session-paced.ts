/** The figures of `session` at the pace of AWS's own agent: what a pool gains, and what a bulk flow costs the others. */
import type { Tunnel } from '@sallyport/connect';
import { connect } from 'node:net';
import { once } from 'node:events';
import { transfer } from './bulk-transfer.ts';
import type { Child } from './child.ts';
import { atMostFigure, median, rateFigure, type Figure } from './figure.ts';
import { Echo, quantile } from './session-echo.ts';
import { openTunnel, plainRelay } from './session-world.ts';

const mebibyte = 1024 * 1024;
const bytesPerFlow = 3 * mebibyte;
const sessions = 8;
const echoes = 400;
const echoEveryMs = 5;
const connects = 5;

/** Everything that is measured with pacing on. */
export async function measurePaced(sandbox: Child, plainPort: number): Promise<readonly Figure[]> {
  return [
    await poolOverOne(sandbox),
    ...(await echoFigures(sandbox, await plainRelay(plainPort))),
    await besideInOneSession(sandbox, 'down'),
    await besideInOneSession(sandbox, 'up'),
    await firstByte(sandbox, plainPort),
  ];
}

/** Eight downloads at once over a pool of eight, beside one over one session, in turn. */
async function poolOverOne(sandbox: Child): Promise<Figure> {
  const one = await openTunnel(sandbox, 1);
  const pool = await openTunnel(sandbox, sessions);
  const rates = { one: [] as number[], pool: [] as number[] };
  for (let round = 0; round < 3; round += 1) {
    rates.one.push(bytesPerFlow / mebibyte / (await transfer(one.port, 'down', bytesPerFlow)));
    const flows = await flowsOfTheirOwn(pool);
    const begun = performance.now();
    await Promise.all(flows.map((flow) => flow.down(bytesPerFlow)));
    rates.pool.push((sessions * bytesPerFlow) / mebibyte / ((performance.now() - begun) / 1000));
    for (const flow of flows) flow.close();
  }
  await Promise.all([one.close(), pool.close()]);
  return rateFigure('pool8_over_1', median(rates.pool), 'MiB/s', median(rates.one), 7);
}

/** One open connection for each session of the pool. */
async function flowsOfTheirOwn(pool: Tunnel): Promise<Bulk[]> {
  const flows = await Promise.all(Array.from({ length: sessions }, () => Bulk.on(pool.port)));
  await Promise.all(flows.map((flow) => flow.down(1)));
  const placed = pool.snapshot().sessions;
  if (placed.length !== sessions || placed.some((session) => session.flows === 0))
    throw new Error(`the flows lie on sessions as ${placed.map((session) => session.flows).join(' ')}`);
  return flows;
}

/** A connection to the service of counted bytes that stays open. */
class Bulk {
  readonly #socket;
  readonly #closed: Promise<unknown>;
  private constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#closed = new Promise((resolve) => this.#socket.once('close', resolve));
  }
  static async on(port: number): Promise<Bulk> {
    const bulk = new Bulk(port);
    await once(bulk.#socket, 'connect');
    return bulk;
  }
  down(bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = bytes;
      const take = (data: Buffer) => {
        left -= data.length;
        if (left > 0) return;
        this.#socket.off('data', take).off('error', reject);
        resolve();
      };
      this.#socket.on('data', take).on('error', reject);
      this.#socket.write(`DOWN ${bytes}\n`);
    });
  }
  /** Sends without an end, as fast as it is taken; resolves when the connection is closed. */
  async up(): Promise<void> {
    const piece = Buffer.alloc(65_536, 0x61);
    this.#socket.write(`UP ${2 ** 40}\n`);
    while (!this.#socket.destroyed)
      if (!this.#socket.write(piece)) await Promise.race([once(this.#socket, 'drain'), this.#closed]);
  }
  close(): void {
    this.#socket.destroy();
  }
}

/** Round trips of the smallest question: idle, over a plain relay, and beside a download that does not end meanwhile. */
async function echoFigures(sandbox: Child, relayPort: number): Promise<Figure[]> {
  const tunnel = await openTunnel(sandbox, sessions);
  const relay = await Echo.on(relayPort);
  const echo = await Echo.on(tunnel.port);
  await echo.times(echoes / 4, echoEveryMs);
  const idle: number[] = [];
  const plain: number[] = [];
  // In turn, so that a busy moment of the machine hits both.
  for (let part = 0; part < 4; part += 1) {
    plain.push(...(await relay.times(echoes / 4, echoEveryMs)));
    idle.push(...(await echo.times(echoes / 4, echoEveryMs)));
  }
  const bulk = await Bulk.on(tunnel.port);
  const download = bulk.down(64 * mebibyte).catch(() => undefined);
  await echo.times(echoes / 4, echoEveryMs);
  const beside = await echo.times(echoes, echoEveryMs);
  for (const end of [relay, echo, bulk]) end.close();
  await tunnel.close();
  await Promise.race([download, Promise.resolve()]);
  return [
    atMostFigure('echo_idle_over_relay_ms', quantile(idle, 0.5), 'ms', quantile(plain, 0.5), {
      difference: 1,
    }),
    atMostFigure('echo_p99_bulk_over_idle', quantile(beside, 0.99), 'ms', quantile(idle, 0.99), { ratio: 3 }),
  ];
}

/** The same beside a flow in the *same* session, which the pool gives to no two flows while it has others: what its fairness is worth. */
async function besideInOneSession(sandbox: Child, direction: 'down' | 'up'): Promise<Figure> {
  const tunnel = await openTunnel(sandbox, 1);
  const echo = await Echo.on(tunnel.port);
  await echo.times(echoes / 4, echoEveryMs);
  const idle = await echo.times(echoes, echoEveryMs);
  const bulk = await Bulk.on(tunnel.port);
  const flow = direction === 'down' ? bulk.down(64 * mebibyte) : bulk.up();
  const over = flow.catch(() => undefined);
  await echo.times(echoes / 4, echoEveryMs);
  const beside = await echo.times(echoes, echoEveryMs);
  for (const end of [echo, bulk]) end.close();
  await tunnel.close();
  await Promise.race([over, Promise.resolve()]);
  return atMostFigure(
    `echo_p99_${direction}_in_session_over_idle`,
    quantile(beside, 0.99),
    'ms',
    quantile(idle, 0.99),
    { ratio: 3 },
  );
}

/** From the wish for a tunnel to the first byte, without command line and control plane, beside a plain TCP connection's first byte. */
async function firstByte(sandbox: Child, plainPort: number): Promise<Figure> {
  const times: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < connects; round += 1) {
    const begun = performance.now();
    const tunnel = await openTunnel(sandbox, sessions);
    const echo = await Echo.on(tunnel.port);
    times.push(performance.now() - begun);
    echo.close();
    await tunnel.close();
    const begunPlain = performance.now();
    const direct = await Echo.on(plainPort);
    plain.push(performance.now() - begunPlain);
    direct.close();
  }
  return atMostFigure('tunnel_first_byte_ms', median(times), 'ms', median(plain), { value: 1_500 });
}
