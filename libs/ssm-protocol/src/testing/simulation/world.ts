import type { WireEnvironment } from '../../environment.ts';
import type { WireReason } from '../../errors.ts';
import { createAgentSession } from '../../session/agent-session.ts';
import { createClientSession } from '../../session/client-session.ts';
import type {
  AgentSession,
  ClientSession,
  PortProperties,
  PortSession,
  StreamId,
} from '../../session/contract.ts';
import { Chance } from '../chance.ts';
import { catalogued } from '../fuzz/decoders.ts';
import { digestForSimulations } from './digest.ts';
import { EndDriver, type DriverWorld } from './end-driver.ts';
import { Flow, type Side } from './flow.ts';
import { SimulatedGateway } from './gateway.ts';
import type { Fault, Plan } from './plan.ts';
import { Timeline } from './timeline.ts';

/** A socket's end notices within this time that its peer is dead; the rest is where in the period it began. */
const deadPeerMs = { least: 30_000, most: 45_000 };
const agentLostMs = 10_000;

/** Client, gateway and agent with their programs, and everything that happens to them. `findings` are broken invariants. */
export class World {
  readonly plan: Plan;
  readonly timeline = new Timeline();
  readonly gateway: SimulatedGateway;
  readonly client: ClientSession;
  readonly agent: AgentSession;
  readonly drivers: Readonly<Record<Side, EndDriver>>;
  readonly flows: readonly Flow[];
  readonly findings: string[] = [];
  /** Why each end is over. */
  readonly reasons: Partial<Record<Side, string>> = {};
  /** When a byte was delivered or a flow began or ended, last. */
  progressAt = 0;
  readyAt: number | undefined;
  calmAt: number | undefined;
  /** The plan itself ended the session before its flows were over. */
  brokenOff = false;
  readonly #chance: Chance;
  readonly #note: DriverWorld['note'];
  readonly #byStream = new Map<StreamId, Flow>();
  #ending = false;

  constructor(plan: Plan, note: DriverWorld['note']) {
    this.plan = plan;
    this.#note = note;
    this.#chance = new Chance(plan.seed + 0x5eed);
    this.gateway = new SimulatedGateway(this.timeline, plan, this.#chance);
    this.gateway.calm = !plan.roughStart;
    this.flows = plan.flows.map((flow, index) => new Flow(flow, index, plan.mode !== 'mux'));
    this.client = this.#makeClient();
    this.agent = this.#makeAgent();
    const world: DriverWorld = {
      timeline: this.timeline,
      chance: this.#chance,
      gateway: this.gateway,
      note,
    };
    this.drivers = {
      client: new EndDriver(world, 'client', this.client, this.#clientHost(), false),
      agent: new EndDriver(world, 'agent', this.agent, this.#agentHost(), plan.agentPaced),
    };
    this.drivers.client.connect();
    this.drivers.agent.connect();
    if (plan.roughStart) this.#planFaults();
  }

  session(side: Side): PortSession {
    return side === 'client' ? this.client : this.agent;
  }

  get over(): boolean {
    return this.reasons.client !== undefined && this.reasons.agent !== undefined;
  }

  found(what: string): void {
    this.#note(() => `FOUND ${what}`);
    this.findings.push(what);
  }

  /** Ends the session in the way of the plan, once the flows are over. */
  finish(): void {
    if (this.#ending || this.over) return;
    this.#ending = true;
    this.#note(() => `ending by ${this.plan.endsBy}`);
    const { endsBy } = this.plan;
    if (endsBy === 'client-flag' && this.client.terminate(this.timeline.now)) this.drivers.client.armTick();
    else if (endsBy === 'agent' && this.reasons.agent === undefined)
      this.agent.finish({ status: 'Success', output: '' });
    else this.gateway.end('');
  }

  #clientHost() {
    return {
      attached: () => this.client.connected('client-token', this.timeline.now),
      refused: () => this.#ended('client', 'resume-refused'),
    };
  }

  #agentHost() {
    return {
      attached: () => this.agent.connected('agent-token', this.timeline.now),
      refused: () => this.agent.finish({ status: 'Cancelled', output: 'Session is already terminated' }),
    };
  }

  #makeClient(): ClientSession {
    return createClientSession(
      {
        environment: this.#environment(),
        clientVersion: this.plan.mode === 'basic' ? '1.1.60.0' : undefined,
      },
      {
        ...this.#sink('client'),
        ready: ({ mode }) => {
          if (mode !== this.plan.mode) this.found(`the client speaks ${mode}`);
          this.#ready();
        },
        connectFailed: () => undefined,
        closed: ({ cause }) => {
          if (cause === 'channel-closed' && !this.gateway.ended) this.found('closed by nobody');
          if (cause === 'handshake-timeout' ? !this.plan.roughStart : cause !== 'channel-closed') {
            this.found(`the client ended for ${cause}`);
          }
          this.#ended('client', cause);
          // The product asks the service to end what it gives up.
          this.gateway.end('');
        },
      },
    );
  }

  #makeAgent(): AgentSession {
    const type: PortProperties = this.plan.mode === 'standard-stream' ? {} : { type: 'LocalPortForwarding' };
    return createAgentSession(
      {
        environment: this.#environment(),
        sessionId: 's',
        instanceId: 'i',
        properties: { portNumber: '22', ...type },
      },
      {
        ...this.#sink('agent'),
        ready: () => undefined,
        dial: (stream) => this.#dial(stream),
        finished: ({ status, output }) => {
          if (status === 'Failed' && !this.plan.roughStart) this.found(`the agent failed: ${output}`);
          this.#ended('agent', status);
          this.gateway.end(output);
        },
      },
    );
  }

  #sink(side: Side) {
    return {
      frame: (bytes: Uint8Array) => this.drivers[side].frame(bytes),
      text: () => undefined,
      sendable: () => this.drivers[side].pumpSoon(),
      readPressure: (on: boolean) => this.drivers[side].pressed(on),
      data: (stream: StreamId, bytes: Uint8Array) =>
        this.#told(side, stream, (flow) => flow.take(side, bytes)),
      end: (stream: StreamId) => this.#told(side, stream, (flow) => flow.end(side)),
      writable: (stream: StreamId) => this.#byStream.get(stream)?.write(side, this.session(side)),
      discarded: (reason: WireReason) => {
        if (!catalogued(reason)) this.found(`uncatalogued reason ${String(reason)}`);
      },
    };
  }

  #told(side: Side, stream: StreamId, tell: (flow: Flow) => string | undefined): void {
    const flow = this.#byStream.get(stream);
    if (flow === undefined) return this.found(`${side} was told of the unknown stream ${stream}`);
    if (this.reasons[side] !== undefined) this.found(`${side} was called back after its end`);
    this.progressAt = this.timeline.now;
    const wrong = tell(flow);
    if (wrong !== undefined) this.found(`${side}, ${flow.toString()}: ${wrong}`);
    if (flow.plan.ends === 'when-complete' && flow.complete && flow.dialled) {
      this.timeline.after(0, () => flow.close('client', this.client));
    }
  }

  #ready(): void {
    this.readyAt = this.timeline.now;
    this.#note(() => 'ready');
    this.gateway.calm = false;
    if (!this.plan.roughStart) this.#planFaults();
    for (const flow of this.flows) this.timeline.after(flow.plan.opensAt, () => this.#open(flow));
    this.timeline.after(this.plan.quietAt, () => this.#calm());
  }

  #planFaults(): void {
    for (const { at, fault } of this.plan.faults) this.timeline.after(at, () => this.#strike(fault));
  }

  #open(flow: Flow): void {
    if (this.over || this.reasons.client !== undefined) return;
    const stream = this.client.open();
    if (stream === undefined) return this.found('no stream can be opened');
    flow.stream = stream;
    this.#byStream.set(stream, flow);
    this.progressAt = this.timeline.now;
    this.client.resumeReading(stream);
    this.#planReaders('client', flow);
    // Outside the multiplexed modes the agent has dialled before.
    if (this.plan.mode !== 'mux') this.#dialled(flow);
    flow.write('client', this.client);
    if (flow.plan.ends === 'client-abort') {
      this.timeline.at((this.readyAt ?? 0) + flow.plan.abortsAt, () => flow.abort('client', this.client));
    }
    if (this.#complete(flow)) this.timeline.after(0, () => flow.close('client', this.client));
  }

  #complete(flow: Flow): boolean {
    return flow.plan.ends === 'when-complete' && flow.complete && flow.dialled;
  }

  #dial(stream: StreamId): void {
    if (this.plan.mode !== 'mux') return; // its program is there when the client's is
    const flow = this.#byStream.get(stream);
    if (flow === undefined) return this.found(`the agent was asked to dial for the unknown stream ${stream}`);
    if (flow.dialled || flow.dialFailed) return this.found(`asked twice to dial for stream ${stream}`);
    this.timeline.after(flow.plan.dialMs, () => {
      if (this.reasons.agent !== undefined) return;
      this.progressAt = this.timeline.now;
      if (flow.plan.dialFails) {
        flow.dialFailed = true;
        this.agent.dialFailed(stream, 'refused');
      } else this.#dialled(flow);
    });
    if (!flow.plan.dialFails) flow.dialled = true;
  }

  #dialled(flow: Flow): void {
    const { agent } = this;
    flow.dialled = true;
    agent.dialed(flow.stream!);
    this.#planReaders('agent', flow);
    flow.write('agent', agent);
    if (flow.plan.ends === 'agent-abort') {
      this.timeline.at((this.readyAt ?? 0) + flow.plan.abortsAt, () => flow.abort('agent', agent));
    }
    if (this.#complete(flow)) this.timeline.after(0, () => flow.close('client', this.client));
  }

  #planReaders(side: Side, flow: Flow): void {
    const { from, to } = flow.plan.pauses[side];
    const begun = this.readyAt ?? 0;
    if (from >= to || begun + to < this.timeline.now) return;
    this.timeline.at(begun + from, () => {
      if (this.timeline.now < begun + to) this.session(side).pauseReading(flow.stream!);
    });
    this.timeline.at(begun + to, () => {
      if (this.reasons[side] === undefined) this.session(side).resumeReading(flow.stream!);
    });
  }

  #calm(): void {
    this.#note(() => 'calm');
    this.gateway.calm = true;
    this.calmAt = this.timeline.now;
  }

  #ended(side: Side, reason: string): void {
    if (this.reasons[side] !== undefined) return this.found(`${side} ended twice: ${reason}`);
    this.#note(() => `${side} is over: ${reason}`);
    this.reasons[side] = reason;
    this.drivers[side].stop();
  }

  #strike(fault: Fault): void {
    if (this.over) return;
    this.#note(() => `fault ${fault}`);
    const { client, agent } = this.drivers;
    if (fault === 'gateway-close') this.gateway.close();
    else if (fault === 'gateway-restart') this.gateway.restart();
    else if (fault === 'client-reset') client.socket?.reset();
    else if (fault === 'agent-reset') agent.socket?.reset();
    else if (fault === 'agent-pause') this.gateway.pauseAgent();
    else if (fault === 'agent-restart') this.#restartAgent();
    else if (fault === 'resume-refused') this.#refuseResume();
    else {
      if (fault !== 'agent-black-hole') this.#swallow(client);
      if (fault !== 'client-black-hole') this.#swallow(agent);
    }
  }

  #swallow(driver: EndDriver): void {
    const { socket } = driver;
    if (socket === undefined || socket.blackHole) return;
    socket.blackHole = true;
    const noticeMs = this.#chance.between(deadPeerMs.least, deadPeerMs.most);
    this.timeline.after(noticeMs, () => driver.noticed(socket));
  }

  #restartAgent(): void {
    if (this.reasons.agent !== undefined) return;
    this.brokenOff = true;
    this.#ended('agent', 'restarted');
    this.timeline.after(this.#chance.between(0, agentLostMs), () => this.gateway.end('The agent was lost.'));
  }

  #refuseResume(): void {
    this.brokenOff = true;
    const { socket } = this.drivers.client;
    this.gateway.ended = true;
    socket?.reset();
    this.gateway.sockets.agent?.closeByGateway(1000);
  }

  #environment(): WireEnvironment {
    return {
      sha256: digestForSimulations,
      uuid: () => '00112233-4455-4677-8899-aabbccddeeff',
      wallTime: () => 1_700_000_000_000 + Math.floor(this.timeline.now),
    };
  }
}
