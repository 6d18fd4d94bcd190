import { simulatedEffects, settle, type SimulatedTime } from '@sallyport/effects/simulated';
import { createAgentMux, type AgentMux } from '../agent/agent-mux.ts';
import { createClientLink, type ClientLink } from '../client/client-link.ts';
import type {
  Admission,
  AgentHost,
  AskedDestination,
  ClientLinkEvents,
  LinkPorts,
  MuxStream,
  Packer,
  StreamEvents,
} from '../contract.ts';
import { Pipe, type PipeShape } from './pipe.ts';

/** What arrived on a stream, and what became of it. */
export class Recorded implements StreamEvents {
  readonly chunks: Uint8Array[] = [];
  bytes = 0;
  opened_ = false;
  ended = false;
  broken: string | undefined;
  writableTold = 0;
  stream: MuxStream | undefined;
  /** Without it nothing is confirmed, as when a program does not read. */
  reads = true;
  then: Partial<StreamEvents> = {};

  opened(): void {
    this.opened_ = true;
  }
  data(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.bytes += bytes.length;
    if (this.reads) this.stream?.consumed(bytes.length);
    this.then.data?.(bytes);
  }
  end(): void {
    this.ended = true;
    this.then.end?.();
  }
  reset(code: string): void {
    this.broken = code;
  }
  writable(): void {
    this.writableTold++;
    this.then.writable?.();
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

export interface PairOptions {
  readonly seed?: number;
  readonly host?: Partial<AgentHost<string>>;
  readonly packer?: Packer;
  readonly clientEvents?: ClientLinkEvents;
  readonly clientVersions?: readonly number[];
  readonly agentVersions?: readonly number[];
  readonly tokenMs?: number;
}

export const keyForTests = { kty: 'OKP', crv: 'Ed25519', x: 'a'.repeat(43) } as const;

/** A client and an agent in one simulated world. Destinations echo, unless the host says otherwise. */
export class Pair {
  readonly effects: ReturnType<typeof simulatedEffects>;
  readonly client: ClientLink;
  readonly agent: AgentMux<string>;
  readonly pipes: Pipe[] = [];
  readonly asked: AskedDestination[] = [];
  /** What the agent's end of each conversation saw. */
  readonly far: Recorded[] = [];
  readonly ended: string[] = [];
  /** What the client signed, as text. */
  readonly signed: string[] = [];

  constructor(options: PairOptions = {}) {
    this.effects = simulatedEffects({ seed: options.seed ?? 1 });
    const ports: LinkPorts = { effects: this.effects, ...(options.packer ? { packer: options.packer } : {}) };
    const admission = (): Admission<string> => ({
      owner: 'anna',
      expiresAt: this.time.now() + (options.tokenMs ?? 3_600_000),
      grant: 'grt_1',
    });
    this.agent = createAgentMux<string>({
      agentId: 'agt_1',
      ports,
      ...(options.agentVersions ? { versions: options.agentVersions } : {}),
      host: {
        admit: () => Promise.resolve(admission()),
        renew: () => Promise.resolve(admission()),
        openTcp: (to, _association, stream) => this.#echo(to, stream),
        ended: (_association, code) => this.ended.push(code),
        ...options.host,
      },
    });
    this.client = createClientLink({
      ports,
      ...(options.clientVersions ? { versions: options.clientVersions } : {}),
      ...(options.clientEvents ? { events: options.clientEvents } : {}),
      credentials: {
        publicKey: keyForTests,
        token: () => Promise.resolve('a.b.c'),
        sign: (bytes) => {
          this.signed.push(Buffer.from(bytes).toString());
          return Promise.resolve(new Uint8Array(64));
        },
      },
    });
  }

  get time(): SimulatedTime {
    return this.effects.time;
  }

  /** Joins client and agent by one more way. */
  carrier(shape: PipeShape = { delayMs: 1 }): Pipe {
    const pipe = new Pipe(this.effects, shape);
    this.pipes.push(pipe);
    pipe.attachLeft(this.client.addCarrier(pipe.leftSink));
    pipe.attachRight(this.agent.accept(pipe.rightSink));
    return pipe;
  }

  /** As many ways, and the time until they are admitted. */
  async connect(count = 1, shape: PipeShape = { delayMs: 1 }): Promise<void> {
    for (let made = 0; made < count; made++) this.carrier(shape);
    await this.run(20 * shape.delayMs + 20);
  }

  open(to: AskedDestination = { host: '10.0.2.60', port: 8080 }): Recorded {
    const recorded = new Recorded();
    recorded.stream = this.client.openTcp(to, recorded);
    return recorded;
  }

  /** Lets simulated time pass, and promises settle at each timer. */
  async run(ms: number): Promise<void> {
    await this.time.advanceAsync(ms);
    await settle();
  }

  #echo(to: AskedDestination, stream: MuxStream & { accept(): void }): StreamEvents {
    this.asked.push(to);
    const far = new Recorded();
    far.stream = stream;
    far.then = { data: (bytes) => void stream.write(bytes), end: () => stream.end() };
    this.far.push(far);
    stream.accept();
    return far;
  }
}
