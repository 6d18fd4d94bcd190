import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentName } from '@sallyport/catalog';
import {
  awsSsmSessions,
  Tunnel,
  webSocketTransport,
  type ControlPlane,
  type Lease,
} from '@sallyport/connect';
import { systemEffects } from '@sallyport/effects/system';
import { WebSocket } from 'ws';
import { bareReceive, bareStreamFrame } from './bare-loop.ts';
import { transfer } from './bulk-transfer.ts';
import { Child } from './child.ts';
import { corkedSender } from './corked-sender.ts';
import { median, rateFigure, type Bench, type Figure } from './figure.ts';

const mebibyte = 1024 * 1024;
const bytesPerRound = 24 * mebibyte;
const rounds = 3;
const directions = ['down', 'up'] as const;
type Direction = (typeof directions)[number];

interface Principals {
  readonly principals: readonly {
    readonly name: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  }[];
}

/** A lease as the control plane would give it, with the keys of the sandbox's operator. */
async function operatorLease(sandbox: Child): Promise<Lease> {
  const { awsEndpoint, principalsFile } = sandbox.ready as Record<string, string>;
  const { principals } = JSON.parse(await readFile(principalsFile ?? '', 'utf8')) as Principals;
  const operator = principals.find(({ name }) => name === 'operator');
  if (operator === undefined) throw new Error('the sandbox has no operator');
  const later = new Date(Date.now() + 3_600_000).toISOString();
  return {
    id: 'lse_bench',
    grantId: 'grt_bench',
    accountId: '111122223333',
    region: 'eu-west-1',
    endpoint: awsEndpoint ?? null,
    instanceId: 'i-0b5c1d2e3f4a50617',
    documentName: documentName('bulk.internal', 9000, (text) =>
      createHash('sha256').update(text).digest('hex'),
    ),
    resource: {
      id: 'rsc_bench',
      name: 'bench-bulk',
      kind: 'port',
      host: 'bulk.internal',
      port: 9000,
      protocol: null,
      database: null,
    },
    credentials: {
      accessKeyId: operator.accessKeyId,
      secretAccessKey: operator.secretAccessKey,
      sessionToken: '',
      expiration: later,
    },
    sessionNamePrefix: 'operator-',
    sessionReason: 'benchmark',
    state: 'issued',
    usefulUntil: later,
  };
}

/** The product's own tunnel to the sandbox, with a control plane that only says yes. */
async function openTunnel(sandbox: Child): Promise<Tunnel> {
  const lease = await operatorLease(sandbox);
  const session = { id: 'ses_bench', endsAt: lease.usefulUntil };
  const controlPlane: ControlPlane = {
    issueLease: async () => lease,
    openSession: async () => session,
    beat: async () => ({ close: null, session }),
    closeSession: async () => undefined,
    readGrant: async () => ({ state: 'active', endReason: null, endComment: null, endsAt: session.endsAt }),
  };
  return Tunnel.open(
    {
      grantId: lease.grantId,
      listen: { on: 'ports', ports: [0] },
      pool: { sessionsMax: 1 },
      clientVersion: '0.0.0',
      rules: { controlPlane: new URL('http://127.0.0.1') },
    },
    {
      controlPlane,
      ssm: awsSsmSessions,
      transport: webSocketTransport,
      effects: systemEffects(),
      debug: () => undefined,
    },
  );
}

/** The bare loop over a WebSocket to the peer process. Returns seconds. */
async function bareTransfer(port: number, direction: Direction, bytes: number): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${direction}?bytes=${bytes}`, {
    perMessageDeflate: false,
  });
  const raw = Promise.withResolvers<Socket>();
  socket.on('upgrade', (response) => raw.resolve(response.socket));
  socket.on('error', raw.reject);
  // The peer may begin as soon as the socket is open: nothing may be awaited before its messages are listened to.
  const opened = once(socket, 'open');
  let send: (frame: Uint8Array) => void = () => undefined;
  void raw.promise.then((below) => (send = corkedSender(socket, below)));
  const taken = direction === 'down' ? takeDown(socket, (frame) => send(frame), bytes) : undefined;
  await opened;
  await raw.promise;
  const begun = performance.now();
  await (taken ?? sendUp(socket, (frame) => send(frame), bytes));
  const seconds = (performance.now() - begun) / 1000;
  socket.terminate();
  return seconds;
}

function takeDown(socket: WebSocket, send: (frame: Uint8Array) => void, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let received = 0;
    socket.on('message', (data: Buffer) => {
      const taken = bareReceive(data);
      if (taken === undefined) return;
      received += taken.payload.length;
      send(taken.ack);
      if (received >= bytes) resolve();
    });
  });
}

const windowMessages = 4096;

function sendUp(socket: WebSocket, send: (frame: Uint8Array) => void, bytes: number): Promise<void> {
  const payload = Buffer.alloc(1024, 0x61);
  const total = Math.ceil(bytes / payload.length);
  let sequence = 0;
  let acknowledged = 0;
  let due = false;
  const run = () => {
    due = false;
    for (let count = 0; count < 128 && sequence < total; count += 1) {
      if (sequence - acknowledged >= windowMessages) return;
      send(bareStreamFrame('client', sequence, payload));
      sequence += 1;
    }
    if (sequence < total) soon();
  };
  const soon = () => {
    if (due) return;
    due = true;
    setImmediate(run);
  };
  soon();
  return new Promise((resolve) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) return resolve();
      const body = JSON.parse(data.toString('utf8', 120)) as Record<string, number>;
      acknowledged = Math.max(acknowledged, (body['AcknowledgedMessageSequenceNumber'] ?? 0) + 1);
      soon();
    });
  });
}

/** A plain relay in this process: local port, piped to a TCP connection to the peer process. */
async function plainRelay(port: number): Promise<Server> {
  const relay = createServer((local) => {
    const remote = connect(port, '127.0.0.1');
    for (const socket of [local, remote]) socket.on('error', () => undefined);
    local.pipe(remote).pipe(local);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return relay;
}

/**
 * `session`: bytes through the product's own tunnel and the sandbox without pacing, two processes over a WebSocket, against the
 * bare decode-digest-acknowledge loop and a plain relay in the same layout.
 */
export const session: Bench = {
  title: `tunnel and sandbox, two processes, ${bytesPerRound / mebibyte} MiB a round, median of ${rounds}`,
  async run(): Promise<readonly Figure[]> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
    process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));
    try {
      await using sandbox = await Child.start('apps/sandbox/src/main.ts', [
        ...['--data', dataDir, '--world', 'tools/bench/world/session.yaml'],
        ...['--no-pacing', '--no-databases'],
      ]);
      await using peer = await Child.start('tools/bench/session-peer.ts', []);
      return await measure(await openTunnel(sandbox), peer.ready as Record<string, number>);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

async function measure(tunnel: Tunnel, ports: Record<string, number>): Promise<readonly Figure[]> {
  const relay = await plainRelay(ports['plain'] ?? 0);
  const relayPort = (relay.address() as AddressInfo).port;
  const kinds = {
    tunnel: (direction: Direction, bytes: number) => transfer(tunnel.port, direction, bytes),
    loop: (direction: Direction, bytes: number) => bareTransfer(ports['channel'] ?? 0, direction, bytes),
    relay: (direction: Direction, bytes: number) => transfer(relayPort, direction, bytes),
  };
  const rates = new Map<string, number[]>();
  // A short round unmeasured, then the kinds in turn, so that a busy moment of the machine hits all of them.
  for (let round = 0; round <= rounds; round += 1) {
    const bytes = round === 0 ? bytesPerRound / 3 : bytesPerRound;
    for (const direction of directions) {
      for (const [kind, run] of Object.entries(kinds)) {
        const rate = bytes / mebibyte / (await run(direction, bytes));
        const key = `${kind} ${direction}`;
        if (round > 0) rates.set(key, [...(rates.get(key) ?? []), rate]);
      }
    }
  }
  await tunnel.close();
  relay.close();
  const rate = (kind: string, direction: Direction) => median(rates.get(`${kind} ${direction}`) ?? []);
  return directions.flatMap((direction) => [
    rateFigure(
      `unpaced_${direction}_over_loop`,
      rate('tunnel', direction),
      'MiB/s',
      rate('loop', direction),
      0.6,
    ),
    // How far the protocol, with a digest for every kilobyte, is from no protocol at all; nothing to be reached.
    rateFigure(
      `unpaced_${direction}_over_relay`,
      rate('tunnel', direction),
      'MiB/s',
      rate('relay', direction),
      0,
    ),
  ]);
}
