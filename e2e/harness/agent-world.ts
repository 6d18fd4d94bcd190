import { execFile, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { aClient, type ClientOptions } from '@sallyport/agent/testing';
import { systemEffects } from '@sallyport/effects/system';
import type { AgentTokenClaims } from '@sallyport/grant-token';
import { instanceId, joinToken, TestControlPlane, worldAgentId } from './agent-plane.ts';
import { Namespaces, type Namespace } from './namespaces.ts';

export { worldAgentId, worldIssuer } from './agent-plane.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Whom the agent runs as: nobody. */
export const agentUid = 65_534;
const agentId = worldAgentId;

/** A gateway in a namespace of its own with the real agent program, a private network behind it, and a control plane. */
export class AgentWorld implements AsyncDisposable {
  readonly gateway: Namespace;
  /** Everything behind the gateway. */
  readonly far: Namespace;
  readonly plane: TestControlPlane;
  readonly folder: string;
  readonly spaces: Namespaces;
  readonly #program: readonly string[];
  readonly #servers: { close(): void }[] = [];
  #agent: ChildProcess | undefined;
  log = '';

  private constructor(
    spaces: Namespaces,
    gateway: Namespace,
    far: Namespace,
    plane: TestControlPlane,
    folder: string,
    program: readonly string[],
  ) {
    this.spaces = spaces;
    this.gateway = gateway;
    this.far = far;
    this.plane = plane;
    this.folder = folder;
    this.#program = program;
  }

  /** Builds the bundle, the two machines and the wire between them. The agent's group may open ping sockets. */
  static async make(): Promise<AgentWorld> {
    const spaces = await Namespaces.make();
    const plane = await TestControlPlane.start();
    const folder = mkdtempSync(join(tmpdir(), `sp-${process.pid}-agent-`));
    chmodSync(folder, 0o755);
    const [gateway, far] = [await spaces.add(), await spaces.add()];
    await spaces.link(
      { at: gateway, device: 'eth0', addresses: ['10.0.2.10/24', 'fd00:10:2::10/64'] },
      {
        at: far,
        device: 'eth0',
        addresses: ['10.0.2.60/24', '10.0.2.61/24', '10.0.2.62/24', 'fd00:10:2::60/64'],
      },
    );
    await gateway.sysctl('net.ipv4.ping_group_range', '0 2147483647');
    await gateway.relayPort(plane.port);
    const services = far.spawn(process.execPath, [join(import.meta.dirname, 'agent-far.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface({ input: services.stdout! }), 'line');
    const program = await installed(folder);
    const world = new AgentWorld(spaces, gateway, far, plane, folder, program);
    world.#join();
    world.#configure();
    return world;
  }

  get config(): string {
    return join(this.folder, 'agent.json');
  }

  get state(): string {
    return join(this.folder, 'state');
  }

  /** Starts the agent as nobody, in the place of the one before, and waits until it listens. */
  async start(): Promise<ChildProcess> {
    await this.kill();
    const agent = this.launch();
    const ready = once(createInterface({ input: agent.stdout! }), 'line');
    const gone = once(agent, 'exit').then(() => ['']);
    const [line] = (await Promise.race([ready, gone])) as [string];
    if (!line.includes('ready')) throw new Error(`the agent did not start: ${this.log}`);
    return agent;
  }

  /** Starts the agent as nobody where none runs, and does not wait for it. */
  launch(): ChildProcess {
    if (this.#runs) throw new Error('an agent runs already');
    this.log = '';
    const [program = '', ...args] = this.#program;
    const agent = this.gateway.spawn(program, [...args, 'run', '--config', this.config], {
      asUid: agentUid,
      env: {},
      cwd: '/',
    });
    this.#agent = agent;
    agent.stderr!.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    return agent;
  }

  /** Runs another command of the agent's program as nobody. */
  run(...args: string[]) {
    const [program = '', ...first] = this.#program;
    return this.gateway.run(program, [...first, ...args, '--config', this.config], { uid: agentUid });
  }

  get #runs(): boolean {
    return this.#agent !== undefined && this.#agent.exitCode === null && this.#agent.signalCode === null;
  }

  /** Kills the agent without a word and waits until it is gone. */
  async kill(): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined || !this.#runs) return;
    const gone = once(agent, 'exit');
    agent.kill('SIGKILL');
    await gone;
    this.plane.agentKilled();
  }

  /** As if it had never enrolled; what it had not handed over stays. */
  forgetEnrolment(): void {
    for (const name of ['agent-key.json', 'enrolment.json']) rmSync(join(this.state, name), { force: true });
    this.plane.forgetAgent();
    this.#join();
  }

  /** Makes the device for whole packets as the installer does, or takes it away; an agent that starts afterwards uses it, but for `off`. */
  async packets(what: 'up' | 'down' | 'off'): Promise<void> {
    const to = what === 'up' ? 'up' : 'down';
    await this.gateway.ask('bash', [join(root, 'apps/agent/install/l3.sh'), to, 'nobody']);
    this.#settings =
      what === 'off'
        ? {}
        : { l3: { device: 'sallyport0', addresses: ['100.127.255.2', 'fd73:616c:6c79::2'] } };
    this.#configure();
  }
  #settings: object = {};

  /** A connection to the agent's loopback port, as Session Manager makes one. */
  async carrier(): Promise<Socket> {
    const socket = connect(await this.relay());
    await once(socket, 'connect');
    return socket;
  }

  /** A Unix socket whose connections lead to the agent's loopback port. */
  relay(): Promise<string> {
    const path = join(this.folder, `carrier-${Math.random().toString(36).slice(2)}.sock`);
    const script = `
      const { createServer, connect } = require('node:net');
      createServer((near) => {
        const far = connect(7443, '127.0.0.1');
        for (const [a, b] of [[near, far], [far, near]]) a.on('error', () => b.destroy()).on('close', () => b.destroy()).pipe(b);
      }).listen(${JSON.stringify(path)}, () => console.log('ready'));`;
    if (this.#relay === undefined) {
      const relay = this.gateway.spawn(process.execPath, ['-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      this.#relay = once(createInterface({ input: relay.stdout! }), 'line').then(() => path);
    }
    return this.#relay;
  }
  #relay: Promise<string> | undefined;

  /** A client of the agent with a token of the control plane. */
  async client(claims: Partial<AgentTokenClaims> = {}, how: ClientOptions = {}) {
    const allow: AgentTokenClaims['allow'] = (['10.0.2.0/24', 'fd00:10:2::/64'] as const).flatMap((cidr) => [
      { cidr, ports: [[1, 65_535]], proto: 'tcp' },
      { cidr, ports: [[1, 65_535]], proto: 'udp' },
      { cidr, ports: [], proto: 'icmp' },
    ]);
    const carrier = how.carrier ?? (await this.carrier());
    return aClient(
      undefined,
      this.plane.issuer,
      systemEffects(),
      { allow, ...claims },
      { agentId, carrier, ...how },
    );
  }

  /** A local TCP port that leads to `host:port` through a client, for programs. */
  async listen(
    client: Awaited<ReturnType<AgentWorld['client']>>,
    host: string,
    port: number,
  ): Promise<number> {
    const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
      const stream = client.link.openTcp(
        { host, port },
        {
          opened: () => undefined,
          data: (bytes) => void socket.write(bytes, () => stream.consumed(bytes.length)),
          end: () => socket.end(),
          reset: () => socket.resetAndDestroy(),
          writable: () => socket.resume(),
        },
      );
      socket.on('data', (bytes) => stream.write(bytes) || socket.pause());
      socket.on('end', () => stream.end());
      socket.on('error', () => stream.reset());
    });
    this.#servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** A local UDP port that leads to `host:port` through a client, for one program at a time. */
  async listenUdp(
    client: Awaited<ReturnType<AgentWorld['client']>>,
    host: string,
    port: number,
  ): Promise<number> {
    const socket = createSocket('udp4');
    let back = 0;
    const flow = client.link.openUdp(
      { host, port },
      { datagram: (bytes) => socket.send(bytes, back, '127.0.0.1'), ended: () => undefined },
    );
    socket.on('message', (bytes, from) => {
      back = from.port;
      flow.send(bytes);
    });
    this.#servers.push(socket);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket.address().port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.close();
    this.plane.close();
    await this.spaces.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #joinTokenFile(): string {
    return join(this.state, 'join-token');
  }

  #join(): void {
    mkdirSync(this.state, { recursive: true, mode: 0o700 });
    writeFileSync(this.#joinTokenFile, `${joinToken}\n`, { mode: 0o600 });
    for (const path of [this.state, this.#joinTokenFile]) chownSync(path, agentUid, agentUid);
  }

  #configure(): void {
    const settings = {
      controlPlane: `http://127.0.0.1:${String(this.plane.port)}`,
      instanceId,
      joinTokenFile: this.#joinTokenFile,
      resolver: { address: '10.0.2.62' },
      stateFolder: this.state,
      metricsPort: 9100,
      ...this.#settings,
    };
    writeFileSync(this.config, JSON.stringify(settings), { mode: 0o644 });
  }
}

/** The bundle, a Node and the native part, where nobody may read them. */
async function installed(folder: string): Promise<readonly string[]> {
  const place = join(folder, 'program');
  mkdirSync(join(place, 'node_modules/@koromix'), { recursive: true });
  await promisify(execFile)(process.execPath, [join(root, 'apps/agent/build.mjs'), '--out', place]);
  const node = join(place, 'node');
  try {
    linkSync(process.execPath, node);
  } catch {
    cpSync(process.execPath, node); // another file system
  }
  const koffi = dirname(createRequire(import.meta.url).resolve('koffi'));
  for (const part of ['package.json', 'index.js', 'index.cjs', 'src/koffi'])
    cpSync(join(koffi, part), join(place, 'node_modules/koffi', part), { recursive: true });
  cpSync(join(koffi, '../@koromix'), join(place, 'node_modules/@koromix'), { recursive: true });
  return [node, join(place, 'sallyport-agent.cjs')];
}
