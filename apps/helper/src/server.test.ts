import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import type { Listener } from '@sallyport/tunnel/edge/privileged';
import { libc } from '@sallyport/tunnel/edge/native';
import { connectHelper, encodeFrame, FrameDecoder } from '@sallyport/tunnel/helper-messages';
import type { Edge } from './edge/edge.ts';
import { startHelper, type RunningHelper } from './server.ts';

let folder: string;
let helper: RunningHelper;
let standing = 0;
let effects: ReturnType<typeof simulatedEffects>;
let listeners: Listener[] = [];
let rules: string[] = [];
let sections: { title: string; command: string; lines: string[] }[] = [];

/** Makes an answer about 30 KiB long. */
const issuers = [
  { issuer: 'sallyport', fingerprints: Array.from({ length: 500 }, () => 'SHA256:'.padEnd(50, 'x')) },
];

/** Nothing was left, and what stands is only counted: the socket is looked at here. */
const edge: Edge = {
  framing: null,
  existingRoutes: () => Promise.resolve([]),
  listeners: () => Promise.resolve(listeners),
  resolverUid: () => Promise.resolve(null),
  raise: (plan) => {
    standing += 1;
    return Promise.resolve({
      ...{
        plan,
        dns: { how: 'none', details: [] },
        descriptor: () => null,
        releaseDescriptor: () => undefined,
      },
      ...{ change: () => Promise.resolve(), report: () => Promise.resolve(sections) },
      rules: () => rules,
      drop: () => Promise.resolve(void (standing -= 1)),
    });
  },
  sweep: () => Promise.resolve([]),
};

beforeEach(async () => {
  effects = simulatedEffects();
  listeners = [];
  rules = [];
  sections = [];
  folder = mkdtempSync(join(tmpdir(), 'sallyport-helper-'));
  helper = await startHelper(join(folder, 'helper.sock'), {
    effects,
    edge,
    libc: libc(),
    verify: (token) =>
      Promise.resolve({
        ...{ iss: 'sallyport:one', jti: 'jti_1', nbf: 0, exp: 4_000_000_000, aud: 'sallyport-helper' },
        ...{ sub: 'grt_1', usr: 'prs_1', names: [], suffixes: [] },
        routes: [{ cidr: `10.${/\d+/.exec(token)?.[0] ?? 0}.0.0/16`, ports: [[80, 80]], proto: 'tcp' }],
      }),
    follow: () => Promise.resolve(),
    account: () => ({ version: '0.0.0', issuers }),
  });
});

afterEach(async () => {
  await helper.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function client(): Promise<Socket> {
  const socket = connect(join(folder, 'helper.sock'));
  await once(socket, 'connect');
  return socket;
}

async function answered(socket: Socket): Promise<unknown> {
  const decoder = new FrameDecoder();
  for (;;) {
    const [bytes] = (await once(socket, 'data')) as [Uint8Array];
    const [message] = decoder.push(bytes);
    if (message !== undefined) return message;
  }
}

it('outlives a client that leaves without reading its answers', async () => {
  const unhandled: unknown[] = [];
  const note = (cause: unknown) => unhandled.push(cause);
  process.on('unhandledRejection', note);
  try {
    for (let turn = 0; turn < 20; turn += 1) {
      const rude = await client();
      rude.pause();
      rude.write(encodeFrame({ type: 'status' }));
      // Another one's answer comes after the first one's was written, which now lies unread.
      const polite = await client();
      polite.write(encodeFrame({ type: 'status' }));
      expect(await answered(polite)).toMatchObject({ type: 'status', sets: [] });
      const gone = once(rude, 'close');
      rude.destroy();
      await gone;
      polite.destroy();
    }
    const last = await client();
    last.write(encodeFrame({ type: 'status' }));
    expect(await answered(last)).toMatchObject({ type: 'status' });
    last.destroy();
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

it('hangs up on a client that asks and never reads', { timeout: 30_000 }, async () => {
  const greedy = await client();
  greedy.pause();
  greedy.on('error', () => undefined);
  let isGone = false;
  const gone = new Promise<void>((resolve) => helperSees(greedy, () => ((isGone = true), resolve())));
  // One question after the other, so that the bound on waiting requests is not what ends it.
  for (let asked = 0; asked < 200 && !isGone; asked += 1) {
    greedy.write(encodeFrame({ type: 'status' }));
    const polite = await client();
    polite.write(encodeFrame({ type: 'status' }));
    await answered(polite);
    polite.destroy();
  }
  expect(isGone).toBe(true);
  await gone;
});

/** A paused socket learns that the other end is gone by its next write. */
function helperSees(socket: Socket, run: () => void): void {
  socket.once('error', run);
  socket.once('close', run);
}

it('leaves nothing standing of what it refuses because its answer is too long', async () => {
  rules = Array.from({ length: 20 }, () => 'x'.repeat(4000));
  const asking = await client();
  asking.write(
    encodeFrame({ type: 'open', protocol: 1, via: 'filter', shape: 'subnet', routeGrants: ['token'] }),
  );
  expect(await answered(asking)).toMatchObject({ type: 'refused', code: 'HELPER_PROTOCOL' });
  expect(standing).toBe(0);
  asking.destroy();
});

it('ends a set when a listener of it has gone to another user, and not before', async () => {
  const uid = process.getuid?.() ?? 0;
  const own = { proto: 'tcp', version: 4, address: 0x7f00_0001n, port: 4000, uid } as const;
  listeners = [own];
  const asking = await client();
  const wish = { type: 'open', protocol: 1, via: 'filter', shape: 'subnet', routeGrants: ['token'] };
  const listener = { to: '10.0.0.0/16', ports: [80, 80], proto: 'tcp', listener: 4000 };
  asking.write(encodeFrame({ ...wish, listeners: [listener] }));
  expect(await answered(asking)).toMatchObject({ type: 'opened' });
  listeners = [];
  effects.time.advance(10_000);
  await new Promise((later) => setImmediate(later));
  expect(standing).toBe(1);
  listeners = [{ ...own, address: 0n, uid: uid + 1 }];
  effects.time.advance(10_000);
  expect(await answered(asking)).toEqual({ type: 'ended', code: 'HELPER_LISTENER_FOREIGN' });
  expect(standing).toBe(0);
  asking.destroy();
});

it('tells every set, however many and long they are', async () => {
  sections = [{ title: 'filter', command: 'nft', lines: Array.from({ length: 60 }, () => 'x'.repeat(150)) }];
  const path = join(folder, 'helper.sock');
  const ownerUid = process.getuid?.() ?? 0;
  const open = [];
  for (let number = 0; number < 16; number += 1) {
    const connection = await connectHelper({ path, ownerUid });
    await connection.open({ via: 'filter', shape: 'subnet', routeGrants: [`token-${number}`] });
    open.push(connection);
  }
  const { sets, issuers: told } = await open[0]!.status();
  expect(sets).toHaveLength(16);
  expect(sets.every(({ sections: [section] }) => section?.lines.length === 60)).toBe(true);
  expect(told).toHaveLength(1);
  await Promise.all(open.map((connection) => connection.close()));
});
