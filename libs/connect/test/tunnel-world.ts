import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Effects } from '@sallyport/effects';
import { settle, type simulatedEffects } from '@sallyport/effects/simulated';
import { systemEffects } from '@sallyport/effects/system';
import {
  Tunnel,
  type TunnelOptions,
  type TunnelPorts,
  type TunnelState,
  type WakeEvent,
} from '../src/index.ts';
import { ControlPlaneDouble } from './control-plane-double.ts';
import { LoopbackGateway } from './loopback-gateway.ts';

export const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';

export interface WorldOptions {
  readonly lifeSeconds?: number;
  readonly effects?: Effects;
  readonly options?: Partial<TunnelOptions>;
  /** What the sessions lead to; an echo when left out. */
  readonly serve?: (socket: Socket) => void;
  readonly onState?: (state: TunnelState) => void;
  readonly onRecovered?: () => void;
}

/** Everything around one tunnel: a resource that echoes, AWS and the control plane as doubles, and what the tunnel told. */
export class TunnelWorld implements AsyncDisposable {
  readonly gateway: LoopbackGateway;
  readonly controlPlane: ControlPlaneDouble;
  readonly lines: string[] = [];
  /** States and events in the order they were told, with their first argument. */
  readonly told: string[] = [];
  readonly ports: TunnelPorts;
  readonly #options: TunnelOptions;
  readonly #hints = new Set<(hint: { topic: string; id: string }) => void>();
  readonly #wakes = new Set<(event: WakeEvent) => void>();
  readonly #echo: Server;
  readonly #asked: WorldOptions;
  readonly #open: Tunnel[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(echo: Server, asked: WorldOptions) {
    const { lifeSeconds, effects = systemEffects(), options } = asked;
    this.#echo = echo;
    this.#asked = asked;
    const echoPort = (echo.address() as AddressInfo).port;
    this.gateway = new LoopbackGateway(effects, echoPort);
    this.controlPlane = new ControlPlaneDouble(() => effects.clock.now(), lifeSeconds);
    this.ports = {
      controlPlane: this.controlPlane,
      ssm: this.gateway.ssm,
      transport: this.gateway.transport,
      effects,
      debug: (happening, fields) => this.lines.push(`${happening} ${JSON.stringify(fields)}`),
      onHint: (listener) => (this.#hints.add(listener), () => this.#hints.delete(listener)),
      onWake: (listener) => (this.#wakes.add(listener), () => this.#wakes.delete(listener)),
    };
    this.#options = {
      grantId,
      listen: { on: 'ports', ports: [0] },
      clientVersion: '0.1.0',
      rules: { controlPlane: new URL('http://localhost:3000') },
      ...options,
    };
  }

  static async create(options: WorldOptions = {}): Promise<TunnelWorld> {
    const echo = createServer({ allowHalfOpen: true }, (socket: Socket) => {
      world.#keep(socket);
      if (options.serve) return options.serve(socket);
      socket.on('data', (bytes) => socket.write(bytes));
      socket.on('error', () => socket.destroy());
      socket.on('end', () => socket.end());
    });
    await once(echo.listen(0, '127.0.0.1'), 'listening');
    const world: TunnelWorld = new TunnelWorld(echo, options);
    return world;
  }

  async start(signal?: AbortSignal): Promise<Tunnel> {
    const tell = (what: string) => (value?: string | number) =>
      void this.told.push(value === undefined ? what : `${what} ${value}`);
    const tunnel = await Tunnel.open(
      this.#options,
      this.ports,
      {
        state: (state) => {
          this.told.push(state);
          this.#asked.onState?.(state);
        },
        progress: tell('progress'),
        warning: tell('warning'),
        reconnecting: tell('told'),
        obstacle: tell('obstacle'),
        recovered: (_ms, how) => {
          this.told.push(`recovered ${how}`);
          this.#asked.onRecovered?.();
        },
        gatewayChanged: (from, to) => this.told.push(`gateway ${from} ${to}`),
        connectionsLost: tell('lost'),
      },
      signal,
    );
    this.#open.push(tunnel);
    return tunnel;
  }

  hint(id: string, topic = 'grant'): void {
    for (const listener of this.#hints) listener({ topic, id });
  }

  wake(event: WakeEvent): void {
    for (const listener of this.#wakes) listener(event);
  }

  /** A local program's connection through the tunnel; resets are kept, not thrown. */
  program(port: number): Program {
    const program = new Program(port);
    this.#keep(program.socket);
    return program;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#open.map((tunnel) => tunnel.close()));
    await new Promise((done) => this.#echo.close(done));
  }
}

/** A local program that says something and reads what comes. */
export class Program {
  readonly socket: Socket;
  received = '';
  /** Code of the error its connection ended with. */
  failure: string | undefined;
  readonly closed: Promise<void>;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes: Buffer) => (this.received += bytes.toString()));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.failure = error.code));
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  say(text: string): void {
    this.socket.write(text);
  }
}

/** Lets virtual time pass in small steps, with turns of the event loop in between for what is not virtual. */
export async function pass(
  effects: Pick<ReturnType<typeof simulatedEffects>, 'time'>,
  ms: number,
  stepMs = 50,
): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    await effects.time.advanceAsync(Math.min(stepMs, left));
    for (let turn = 0; turn < 4; turn++) await settle();
  }
}
