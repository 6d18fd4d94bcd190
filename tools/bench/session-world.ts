/** The world of `session`: the sandbox in its own process, and the product's own tunnel to it in ours. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
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
import type { Namespace } from '../../e2e/harness/namespaces.ts';
import { Child } from './child.ts';

interface Principals {
  readonly principals: readonly {
    readonly name: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  }[];
}

/** A sandbox of its own folder; paced: it sends as AWS's own agent does, 1 KiB and then a sleep of 1 ms. */
export async function startSandbox({
  paced,
  world = 'tools/bench/world/session.yaml',
  at,
}: {
  paced: boolean;
  world?: string;
  /** Where it listens on loopback; this machine's own namespace when left out. */
  at?: Namespace;
}): Promise<AsyncDisposable & { readonly child: Child }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  const args = ['--data', dataDir, '--world', world, '--no-databases', ...(paced ? [] : ['--no-pacing'])];
  const child = await Child.start('apps/sandbox/src/main.ts', args, at);
  return {
    child,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A lease as the control plane would give it, with the keys of the sandbox's operator. */
async function operatorLease(sandbox: Pick<Child, 'ready'>): Promise<Lease> {
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
    way: 'pinned',
    purpose: 'port',
    session: null,
    agent: null,
    ssh: null,
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
export async function openTunnel(sandbox: Pick<Child, 'ready'>, sessionsMax: number): Promise<Tunnel> {
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
      pool: { sessionsMax },
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

/** A plain relay in this process: local port, piped to a TCP connection to the peer process. Ends with the process. */
export async function plainRelay(port: number): Promise<number> {
  const relay = createServer((local: Socket) => {
    const remote = connect(port, '127.0.0.1');
    for (const socket of [local, remote]) socket.setNoDelay(true).on('error', () => undefined);
    local.pipe(remote).pipe(local);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  relay.unref();
  return (relay.address() as AddressInfo).port;
}
