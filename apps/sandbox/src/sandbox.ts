import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Effects } from '@sallyport/effects';
import type { AgentSettings } from './attached-agent/agent-settings.ts';
import { withAgentPrincipal, withAttachedInstance } from './attached-agent/attached-world.ts';
import { ChannelRest } from './attached-agent/channel-rest.ts';
import { ControlChannelDoor } from './attached-agent/control-channel-door.ts';
import { ControlChannels } from './attached-agent/control-channels.ts';
import { listenForAgents, type AgentListener, type ListenAddress } from './attached-agent/listener.ts';
import { LongPolls, messageDelivery } from './attached-agent/start-up-calls.ts';
import { Authenticator } from './authorise/authenticate.ts';
import { Authoriser } from './authorise/authoriser.ts';
import { Throttle } from './authorise/throttle.ts';
import { Trail } from './cloudtrail/trail.ts';
import { Companions } from './companion/companions.ts';
import { ControlDoor } from './control/control-door.ts';
import { ApiDoor } from './front-door/api-door.ts';
import { ChannelDoor } from './gateway/channel-door.ts';
import { SessionTable } from './gateway/session-table.ts';
import { Backings } from './instances/backings/backings.ts';
import { rdsSignIn } from './instances/backings/rds-sign-in.ts';
import { startEmulatedAgent } from './instances/emulated-agent.ts';
import { startEmulatedShell } from './instances/emulated-shell.ts';
import { PrivateNetwork, type OpenBacking } from './instances/private-network.ts';
import { ProgramHouse } from './instances/programs/program-house.ts';
import { serveSsh, type SshServer } from './instances/programs/ssh-server.ts';
import { openInstallation, type Installation } from './principals/installation.ts';
import { limits } from './limits.ts';
import { PrincipalRegistry } from './principals/registry.ts';
import { TokenSeal } from './principals/sealed-token.ts';
import { ec2Service } from './services/ec2/describe-instances.ts';
import { PushedKeys } from './services/instance-connect/pushed-keys.ts';
import { instanceConnectService } from './services/instance-connect/service.ts';
import { iamService } from './services/iam/service.ts';
import { KeyRing } from './services/kms/key-ring.ts';
import { kmsService } from './services/kms/service.ts';
import { logsService } from './services/logs/service.ts';
import { BucketShelf } from './services/s3/bucket-shelf.ts';
import { S3Door } from './services/s3/s3-door.ts';
import { SigningRing } from './services/kms/signing-ring.ts';
import { CommandDesk } from './services/ssm/command-desk.ts';
import { ssmService } from './services/ssm/service.ts';
import { stsService } from './services/sts/service.ts';
import type { Answer } from './services/wire-protocol.ts';
import { ShiftedClock } from './world/shifted-clock.ts';
import { readWorld, type World } from './world/world.ts';

/** How long AWS keeps a connection on which nothing is asked, as far as clients can tell. */
const idleConnectionMs = 60_000;

export interface SandboxOptions {
  /** Folder of secrets, databases and the trail. */
  readonly dataDir: string;
  /** Port on loopback; 0 takes a free one. */
  readonly port: number;
  readonly worldFile: string;
  /** Agents send at the real pace. */
  readonly paced: boolean;
  /** Admits channel upgrades without signature. */
  readonly allowUnsigned: boolean;
  /** Offers the control endpoints. */
  readonly control: boolean;
  /** False leaves the sample databases out, for tests that do not dial them. */
  readonly databases: boolean;
  /** Where agents of other processes may attach, over TLS; none when left out. */
  readonly agentListen?: ListenAddress;
  /** How long a poll of an attached agent that finds nothing is held, milliseconds. */
  readonly messagePollMs?: number;
  /** Stands in for what is behind the network map, for tests with their own destinations. */
  readonly openBacking?: OpenBacking;
}

export interface Sandbox {
  readonly endpoint: string;
  readonly world: World;
  readonly installation: Installation;
  readonly trailFile: string;
  /** The companion agents of its instances. */
  readonly companions: Pick<Companions, 'restart'>;
  /** Settings for agents that attach, one per attached instance. */
  readonly agents: readonly AgentSettings[];
  /** Resolves when the sample databases are up. */
  readonly databasesReady: Promise<void>;
  /** Ends sessions, sockets and databases. */
  close(): Promise<void>;
}

/** Starts AWS in a box: one HTTP port for STS, SSM, EC2, S3 and the message gateway. Throws Problem for a bad world. */
export async function startSandbox(options: SandboxOptions, system: Effects): Promise<Sandbox> {
  const clock = new ShiftedClock(system.clock);
  const effects: Effects = { ...system, clock };
  const written = await readWorld(options.worldFile);
  const attachable = options.agentListen !== undefined;
  const held = attachable ? withAgentPrincipal(written) : written;
  const installation = await openInstallation(options.dataDir, held.keyHolders, effects.random);
  const world = attachable ? withAttachedInstance(held, installation.sealingKey) : held;
  const trailFile = join(options.dataDir, 'cloudtrail.jsonl');
  const trail = new Trail(trailFile, effects);
  const seal = new TokenSeal(installation.sealingKey, effects.random);
  const registry = new PrincipalRegistry(world, installation, seal, clock);
  const authoriser = new Authoriser(world, registry, clock);
  const authenticator = new Authenticator(registry, clock);
  const backings = new Backings(
    options.databases
      ? { dataDir: join(installation.folder, 'postgres'), superuserPassword: installation.databasePassword }
      : undefined,
    effects.log,
    { folder: join(installation.folder, 'rds'), effects, signIn: rdsSignIn(authenticator, authoriser) },
  );
  const network = new PrivateNetwork(
    {
      listeners: world.network,
      hosts: world.hosts,
      instances: [...world.instances.values()],
      vpcCidrs: world.vpcCidrs,
    },
    options.openBacking ?? ((backing, listener) => backings.open(backing, listener)),
    (backing, received, ended) => backings.datagrams(backing, received, ended),
  );
  const companions = await Companions.start({
    dataDir: options.dataDir,
    folder: installation.folder,
    world,
    network,
    effects: system,
  });
  const controlChannels = new ControlChannels(world, effects);
  const keys = new KeyRing(world.keys, installation.sealingKey, effects.random);
  const house = new ProgramHouse({ folder: installation.folder, keys, trail, effects });
  const pushedKeys = new PushedKeys(clock);
  const sshServers = serveSsh(world, network, { folder: installation.folder, pushedKeys, log: effects.log });
  const commands = new CommandDesk({
    folder: installation.folder,
    effects,
    // What a script ends on a host, since here each program has processes of its own.
    ended: async (instance, user) => {
      await house.endOf(instance.id, user.name);
      for (const server of sshServers) if (server.instanceId === instance.id) server.endOf(user);
    },
  });
  const emulated = { effects, network, house, pace: { paced: options.paced } };
  const table = new SessionTable(effects, world.sessionManager, {
    start: (session) => {
      if (session.order.instance.agent === 'attached') controlChannels.start(session);
      else if (session.order.document.content.sessionType === 'Port') startEmulatedAgent(session, emulated);
      else startEmulatedShell(session, emulated);
    },
    ended: (session) => controlChannels.ended(session),
  });
  clock.onShift(() => table.sweep());
  const doors = openDoors(options, {
    world,
    installation,
    trail,
    keys,
    pushedKeys,
    commands,
    table,
    effects,
    clock,
    controlChannels,
    seal,
    authoriser,
    authenticator,
  });
  const server = createServer((request, response) => void doors.http(request, response));
  // Node's own 5 s meet calls that come as the connection is closed: such a call is lost, and a lease with it.
  server.keepAliveTimeout = idleConnectionMs;
  server.on('upgrade', (request, socket, head) => void doors.channel.upgrade(request, socket, head));
  let agents: AgentListener | undefined;
  server.requestTimeout = 30_000;
  server.headersTimeout = 15_000;
  server.maxConnections = limits.connectionsMax;
  try {
    server.listen(options.port, '127.0.0.1');
    await once(server, 'listening');
    if (options.agentListen !== undefined)
      agents = await listenForAgents(options.agentListen, doors, { world, installation, effects });
  } catch (error) {
    // A taken port must not leave the databases running behind.
    table.close();
    server.close();
    await Promise.all([backings.close(), companions.close()]);
    throw error;
  }
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    world,
    installation,
    trailFile,
    companions,
    agents: agents?.settings ?? [],
    databasesReady: backings.ready(world.network),
    close: () =>
      closeAll({ server, agents, table, backings, trail, companions, house, commands, sshServers, ...doors }),
  };
}

interface Inside {
  readonly world: World;
  readonly installation: Installation;
  readonly trail: Trail;
  readonly keys: KeyRing;
  readonly pushedKeys: PushedKeys;
  readonly commands: CommandDesk;
  readonly table: SessionTable;
  readonly effects: Effects;
  readonly clock: ShiftedClock;
  readonly controlChannels: ControlChannels;
  readonly seal: TokenSeal;
  readonly authoriser: Authoriser;
  readonly authenticator: Authenticator;
}

function openDoors(options: SandboxOptions, inside: Inside) {
  const { world, installation, trail, table, effects, clock, controlChannels: channels } = inside;
  const { seal, authoriser, authenticator, keys, pushedKeys, commands } = inside;
  const throttle = new Throttle(clock);
  const polls = new LongPolls(effects);
  const services = {
    sts: stsService({ world, authoriser, seal, effects }),
    iam: iamService(world, authoriser),
    ssm: ssmService(world, authoriser, { desk: table, commands, clock }),
    ec2: ec2Service(world, authoriser),
    instanceConnect: instanceConnectService(world, authoriser, pushedKeys),
    kms: kmsService(authoriser, keys, new SigningRing(world, installation.sealingKey)),
    logs: logsService(world, authoriser),
    ec2messages: messageDelivery(authoriser, polls, options.messagePollMs ?? limits.messagePollMs),
  };
  const api = new ApiDoor({ services, authenticator, throttle, trail, effects });
  const shelf = new BucketShelf(installation.folder, world.buckets, effects);
  const s3 = new S3Door({ world, shelf, authenticator, authoriser, throttle, trail, effects });
  const allowUnsigned = () => !(table.faults.requireSignedChannel ?? !options.allowUnsigned);
  const channel = new ChannelDoor({ table, authenticator, authoriser, trail, effects, allowUnsigned });
  const control = new ControlDoor({
    secret: installation.controlSecret,
    world,
    clock,
    table,
    throttle,
    pushedKeys,
    gateway: channel,
  });
  const agentParts = { table, channels, authenticator, authoriser, trail, effects };
  const rest = new ChannelRest(agentParts);
  const http = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const forControl = options.control && request.url?.startsWith('/_sandbox/') === true;
    try {
      if (s3.takes(request)) return await s3.answer(request, response);
      const answer = (await rest.answer(request)) ?? (await (forControl ? control : api).answer(request));
      send(response, answer, clock.now());
    } catch (error) {
      // The caller went away while its body was read, or a bug: either way there is nobody to tell.
      effects.log.write('warn', 'request failed', { reason: String(error) });
      response.destroy();
    }
  };
  return { http, channel, control: new ControlChannelDoor(agentParts), polls };
}

/** The Date header is the emulated cloud's: SDKs correct their clocks by it. */
function send(response: ServerResponse, { status, headers, body }: Answer, now: number): void {
  response.sendDate = false;
  response
    .writeHead(status, {
      ...headers,
      date: new Date(now).toUTCString(),
      'content-length': Buffer.byteLength(body),
      ...(status === 413 ? { connection: 'close' } : {}),
    })
    .end(body);
}

async function closeAll(parts: {
  readonly server: Server;
  readonly agents: AgentListener | undefined;
  readonly table: SessionTable;
  readonly channel: ChannelDoor;
  readonly polls: LongPolls;
  readonly backings: Backings;
  readonly trail: Trail;
  readonly companions: Companions;
  readonly house: ProgramHouse;
  readonly commands: CommandDesk;
  readonly sshServers: readonly SshServer[];
}): Promise<void> {
  const { server, agents, table, channel, polls, backings, trail, companions, house, sshServers } = parts;
  const { commands } = parts;
  const closed = once(server, 'close');
  server.close();
  table.close();
  channel.close();
  polls.release();
  server.closeAllConnections();
  const ended = [
    companions.close(),
    house.close(),
    commands.close(),
    ...sshServers.map((server) => server.close()),
  ];
  await Promise.all([closed, agents?.close(), backings.close(), ...ended]);
  trail.close();
}
