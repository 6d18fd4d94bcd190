import { simulatedEffects, settle } from '@sallyport/effects/simulated';
import { createAgentMux, type AgentMux } from '../agent/agent-mux.ts';
import { createClientLink, type ClientLink } from '../client/client-link.ts';
import { flowCodes, type EndCode } from '../codes.ts';
import type {
  AgentAssociation,
  AgentHost,
  ClientLinkEvents,
  DatagramEvents,
  MuxDatagrams,
  MuxStream,
  StreamEvents,
} from '../contract.ts';
import { ports as portsOf } from './lawful.ts';
import { keyForTests } from './pair.ts';
import { Pipe } from './pipe.ts';

/** The owner of a stream at the victim: as a program does that waits when it is told to. */
export class Program implements StreamEvents {
  readonly #does: number;
  readonly #codes: Set<string>;
  stream: MuxStream | undefined;
  /** Bytes that were handed to it and have not gone on. */
  held = 0;
  heard = 0;
  over = false;
  /** What it would write, and may not yet. */
  #back: Uint8Array[] = [];
  #mayWrite = true;

  constructor(does: number, codes: Set<string>) {
    this.#does = does;
    this.#codes = codes;
  }

  opened(): void {
    // What follows says more.
  }
  data(bytes: Uint8Array): void {
    this.held += bytes.length;
    this.heard += bytes.length;
    if (this.#does === portsOf.breaks) return this.stream?.reset('FLOW_RESET');
    if (this.#does === portsOf.neverReads) return;
    if (this.#does !== portsOf.echoes) return this.#went(bytes.length);
    this.#back.push(bytes);
    this.writable(false);
  }
  end(): void {
    if (this.#does === portsOf.echoes) this.stream?.end();
  }
  reset(code: string): void {
    this.over = true;
    this.#codes.add(code);
  }
  writable(told = true): void {
    if (told) this.#mayWrite = true;
    while (this.#mayWrite && this.#back.length > 0) {
      const bytes = this.#back.shift()!;
      this.#mayWrite = this.stream?.write(bytes) ?? true;
      this.#went(bytes.length);
    }
  }

  #went(bytes: number): void {
    this.held -= bytes;
    this.stream?.consumed(bytes);
  }
}

/** A code of the catalogue, thrown as hosts do. */
class Refusal extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Two agents and clients in one simulated world, and whatever the victim's owner was told. */
export class FuzzWorld {
  readonly effects: ReturnType<typeof simulatedEffects>;
  /** Codes that owners of conversations and questions were told. */
  readonly flowCodes = new Set<string>();
  /** How links ended, by who holds them. */
  readonly ended: { readonly owner: string; readonly code: EndCode }[] = [];
  readonly carriersEnded: string[] = [];
  /** Questions of the victim that wait for an answer. */
  waiting = 0;

  constructor(seed: number) {
    this.effects = simulatedEffects({ seed });
  }

  async run(ms: number): Promise<void> {
    await this.effects.time.advanceAsync(ms);
    await settle();
  }

  pipe(): Pipe {
    return new Pipe(this.effects, { delayMs: 1 });
  }

  agent(): AgentMux<string> {
    const { clock } = this.effects;
    const admission = (owner: string) => ({ owner, expiresAt: clock.now() + 3_600_000, grant: owner });
    const host: AgentHost<string> = {
      admit: ({ token }) => Promise.resolve(admission(token === 'e.v.il' ? 'evil' : 'anna')),
      renew: (_token, { grant }) => Promise.resolve(admission(grant)),
      openTcp: ({ port }, _association, stream) => this.#openTcp(port, stream),
      openUdp: ({ port }, _association, flow) => this.#openUdp(port, flow),
      echo: (name, payload) => this.#answer(name, payload),
      resolve: (name) =>
        this.#answer(name, { code: 'NOERROR', addresses: ['10.0.2.60'], ttlSeconds: 30 } as const),
      packet: (packet, association: AgentAssociation<string>) => association.sendPacket(packet),
      ended: ({ grant }, code) => this.ended.push({ owner: grant, code }),
    };
    return createAgentMux({ agentId: 'agt_1', ports: { effects: this.effects }, host });
  }

  client(owner: string): ClientLink {
    const events: ClientLinkEvents = {
      ended: (code) => this.ended.push({ owner, code }),
      carrierEnded: (code) => this.carriersEnded.push(code),
    };
    return createClientLink({
      ports: { effects: this.effects },
      events,
      credentials: {
        publicKey: keyForTests,
        token: () => Promise.resolve('a.b.c'),
        sign: () => Promise.resolve(new Uint8Array(64)),
      },
    });
  }

  /** A program of the client opens a conversation. */
  open(client: ClientLink, does: number = portsOf.waits): Program {
    const program = new Program(does, this.flowCodes);
    program.stream = client.openTcp({ host: '10.0.2.60', port: portsOf.echoes }, program);
    return program;
  }

  /** A question of the client, for which it waits as long as it takes. */
  ask(client: ClientLink, what: 'echo' | 'name'): void {
    const { signal } = new AbortController();
    this.waiting++;
    void (
      what === 'echo'
        ? client.echo('10.0.2.60', new Uint8Array(8), signal)
        : client.resolve('db.internal', 'A', signal)
    )
      .catch((error: unknown) => this.flowCodes.add(String((error as { code?: unknown }).code)))
      .finally(() => this.waiting--);
  }

  /** A code that is not one of a conversation's; undefined when all are. `also` are those of a question that cannot be read. */
  strangeCode(also: readonly string[] = []): string | undefined {
    return [...this.flowCodes].find((code) => !Object.hasOwn(flowCodes, code) && !also.includes(code));
  }

  #openTcp(port: number, stream: MuxStream & { accept(): void }): StreamEvents {
    if (port === portsOf.refuses) throw new Refusal('FLOW_REFUSED');
    const program = new Program(port, this.flowCodes);
    program.stream = stream;
    if (port !== portsOf.waits) stream.accept();
    return program;
  }

  #openUdp(port: number, flow: MuxDatagrams): DatagramEvents {
    if (port === portsOf.refuses) throw new Refusal('FLOW_NOT_GRANTED');
    return {
      datagram: (bytes) => (port === portsOf.breaks ? flow.close() : flow.send(bytes)),
      ended: (code) => this.flowCodes.add(code),
    };
  }

  #answer<T>(name: string, answer: T): Promise<T> {
    if (name === 'never.internal') return Promise.withResolvers<T>().promise;
    return Promise.resolve(answer);
  }
}
