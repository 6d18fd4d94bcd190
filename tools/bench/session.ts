import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { transfer } from './bulk-transfer.ts';
import { Child } from './child.ts';
import { median, rateFigure, type Bench, type Figure } from './figure.ts';
import { connectToFirstByte } from './session-connect.ts';
import { bareTransfer } from './session-loop.ts';
import { measurePaced } from './session-paced.ts';
import { openTunnel, plainRelay, startSandbox } from './session-world.ts';

const mebibyte = 1024 * 1024;
const bytesPerRound = 24 * mebibyte;
const rounds = 3;
const directions = ['down', 'up'] as const;
type Direction = (typeof directions)[number];
/** Sessions whose memory is measured together. */
const idleSessions = 32;

/**
 * `session`: the product's own tunnel and the sandbox, two processes over a WebSocket. Without pacing against the bare decode-digest-acknowledge
 * loop and a plain relay in the same layout; then at the pace of AWS's own agent.
 */
export const session: Bench = {
  title: `tunnel and sandbox, two processes; unpaced: ${bytesPerRound / mebibyte} MiB a round, median of ${rounds}`,
  async run(): Promise<readonly Figure[]> {
    await using peer = await Child.start('tools/bench/session-peer.ts', []);
    const { channel = 0, plain = 0 } = peer.ready as Record<string, number>;
    const figures: Figure[] = [];
    {
      await using unpaced = await startSandbox({ paced: false });
      figures.push(...(await measureUnpaced(unpaced.child, channel, plain)));
      figures.push(await memoryPerSession(unpaced.child, channel));
    }
    {
      await using paced = await startSandbox({ paced: true });
      figures.push(...(await measurePaced(paced.child, plain)));
    }
    figures.push(await connectToFirstByte(plain));
    return figures;
  },
};

interface Round {
  /** MiB a second. */
  readonly rate: number;
  /** MiB for each second that this process kept a core busy; the program at the local port runs in it, too. */
  readonly perCoreSecond: number;
}

async function measureUnpaced(
  sandbox: Child,
  channelPort: number,
  plainPort: number,
): Promise<readonly Figure[]> {
  const tunnel = await openTunnel(sandbox, 1);
  const relayPort = await plainRelay(plainPort);
  const kinds = {
    tunnel: (direction: Direction, bytes: number) => transfer(tunnel.port, direction, bytes),
    loop: (direction: Direction, bytes: number) => bareTransfer(channelPort, direction, bytes),
    relay: (direction: Direction, bytes: number) => transfer(relayPort, direction, bytes),
  };
  const measured = new Map<string, Round[]>();
  // A short round unmeasured, then the kinds in turn, so that a busy moment of the machine hits all of them.
  for (let round = 0; round <= rounds; round += 1) {
    const bytes = round === 0 ? bytesPerRound / 3 : bytesPerRound;
    for (const direction of directions) {
      for (const [kind, run] of Object.entries(kinds)) {
        const before = process.cpuUsage();
        const seconds = await run(direction, bytes);
        const { user, system } = process.cpuUsage(before);
        const mebibytes = bytes / mebibyte;
        const one = { rate: mebibytes / seconds, perCoreSecond: mebibytes / ((user + system) / 1e6) };
        const key = `${kind} ${direction}`;
        if (round > 0) measured.set(key, [...(measured.get(key) ?? []), one]);
      }
    }
  }
  await tunnel.close();
  const middle = (what: keyof Round, kind: string, direction: Direction) =>
    median((measured.get(`${kind} ${direction}`) ?? []).map((round) => round[what]));
  return directions.flatMap((direction) => {
    const rate = (kind: string) => middle('rate', kind, direction);
    return [
      rateFigure(`unpaced_${direction}_over_loop`, rate('tunnel'), 'MiB/s', rate('loop'), 0.6),
      // How far the protocol, with a digest for every kilobyte, is from no protocol at all; nothing to be reached.
      rateFigure(`unpaced_${direction}_over_relay`, rate('tunnel'), 'MiB/s', rate('relay'), 0),
      rateFigure(
        `mib_per_core_second_${direction}`,
        middle('perCoreSecond', 'tunnel', direction),
        'MiB/core-s',
        middle('perCoreSecond', 'loop', direction),
        0,
      ),
    ];
  });
}

/** Memory that an idle session holds in this process, beside that of a bare WebSocket. Told, not judged. */
async function memoryPerSession(sandbox: Child, channelPort: number): Promise<Figure> {
  const first = await openTunnel(sandbox, 1);
  const empty = await settledMemory();
  const tunnels = await Promise.all(Array.from({ length: idleSessions }, () => openTunnel(sandbox, 1)));
  const full = await settledMemory();
  await Promise.all([first, ...tunnels].map((tunnel) => tunnel.close()));
  const before = await settledMemory();
  const sockets = Array.from(
    { length: idleSessions },
    () => new WebSocket(`ws://127.0.0.1:${channelPort}/up?bytes=1`),
  );
  await Promise.all(sockets.map((socket) => once(socket, 'open')));
  const after = await settledMemory();
  for (const socket of sockets) socket.terminate();
  const perOne = (bytes: number) => bytes / idleSessions / 1024;
  return rateFigure('memory_per_session_kib', perOne(full - empty), 'KiB', perOne(after - before), 0);
}

/** Bytes of heap and buffers in use once garbage is gone. */
async function settledMemory(): Promise<number> {
  for (let turn = 0; turn < 4; turn += 1) {
    globalThis.gc?.();
    await pause(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
