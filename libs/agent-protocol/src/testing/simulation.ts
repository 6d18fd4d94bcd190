import { SeededRandom, settle, simulatedEffects } from '@sallyport/effects/simulated';
import { createAgentMux } from '../agent/agent-mux.ts';
import { createClientLink, type ClientLink } from '../client/client-link.ts';
import type { LinkPorts, MuxStream, Packer, StreamEvents } from '../contract.ts';
import { keyForTests } from './pair.ts';
import { Pipe } from './pipe.ts';

/** What one simulated life of a link came to. */
export interface SimulatedLife {
  readonly seed: number;
  /** Rules that were broken; empty when all held. */
  readonly broken: readonly string[];
  readonly streams: number;
  readonly carriersLost: number;
  readonly bytes: number;
  /** What the windows of the agent's side had grown by, at most. */
  readonly windowBytes: number;
  /** The same seed gives the same trace. */
  readonly trace: number;
}

export interface SimulationOptions {
  readonly packer?: Packer;
}

const healMs = 120_000;
const stepsMost = 40;
/** What the windows of the agent's side may have together: now and then one is refused. */
const windowBytesMost = 384 * 1024;

/** What is said, over and over; long enough that no piece of it stands twice within a window. */
const tableBytes = 1 << 20;
const lively = wrapped((at) => (Math.imul(at, 0x9e3779b1) ^ Math.imul(at >>> 8, 0x85ebca6b)) >>> 13);
const dullBytes = wrapped((at) => at >>> 10);

/** A table that can be read beyond its end by the longest piece there is. */
function wrapped(byteAt: (at: number) => number): Uint8Array {
  return Uint8Array.from({ length: tableBytes + (1 << 18) }, (_, at) => byteAt(at & (tableBytes - 1)));
}

/** One direction of a conversation: what was said is a function of the offset, so that what is heard can be judged byte by byte. */
class Direction {
  said = 0;
  heard = 0;
  saidAll = false;
  heardAll = false;
  broken = false;
  readonly #salt: number;
  readonly #says: Uint8Array;

  constructor(salt: number, dull: boolean) {
    this.#salt = salt;
    this.#says = dull ? dullBytes : lively;
  }

  /** The next bytes to say. Dull ones pack well. */
  bytes(length: number): Uint8Array {
    const from = this.#at(this.said);
    this.said += length;
    return this.#says.slice(from, from + length);
  }

  hear(bytes: Uint8Array, fault: (what: string) => void): void {
    const from = this.#at(this.heard);
    for (let at = 0; at < bytes.length; at++)
      if (bytes[at] !== this.#says[from + at]) return fault(`byte ${this.heard + at} is not what was said`);
    this.heard += bytes.length;
    if (this.heard > this.said) fault('more was heard than said');
    if (this.heardAll) fault('something was heard after the end');
  }

  #at(offset: number): number {
    return (offset + this.#salt) & (tableBytes - 1);
  }
}

/** A conversation as both ends see it. */
class Talk {
  readonly up: Direction;
  readonly down: Direction;
  near: MuxStream | undefined;
  far: MuxStream | undefined;
  opens = 0;
  opened = false;
  reset = false;
  /** Neither reads, for a while. */
  nearHolds = 0;
  farHolds = 0;
  farEvents: StreamEvents | undefined;

  constructor(salt: number, dull: boolean) {
    this.up = new Direction(salt, dull);
    this.down = new Direction(salt + 7, dull);
  }
}

/** A client and an agent that talk over carriers which come and go, all by one seed. */
class World {
  readonly effects: ReturnType<typeof simulatedEffects>;
  readonly broken: string[] = [];
  readonly talks: Talk[] = [];
  readonly client: ClientLink;
  readonly #random: SeededRandom;
  readonly #agent;
  #pipes: Pipe[] = [];
  carriersLost = 0;
  restarts = 0;
  trace = 17;
  #windowBytes = 0;
  windowBytesMost = 0;

  constructor(seed: number, options: SimulationOptions) {
    this.#random = new SeededRandom(seed);
    this.effects = simulatedEffects({ seed: seed + 1 });
    const { timers } = this.effects;
    const soon = (run: () => void) => void timers.after(0, run);
    const ports: LinkPorts = {
      effects: this.effects,
      soon,
      ...(options.packer ? { packer: options.packer } : {}),
    };
    const admission = () =>
      Promise.resolve({ owner: 'anna', expiresAt: this.effects.clock.now() + 3_600_000, grant: '' });
    this.#agent = createAgentMux<string>({
      agentId: 'agt_1',
      ports: {
        ...ports,
        windows: {
          take: (bytes) => {
            if (this.#windowBytes + bytes > windowBytesMost) return false;
            this.#windowBytes += bytes;
            this.windowBytesMost = Math.max(this.windowBytesMost, this.#windowBytes);
            return true;
          },
          give: (bytes) => void (this.#windowBytes -= bytes),
        },
      },
      host: {
        admit: admission,
        renew: admission,
        openTcp: ({ host }, _association, stream) => this.#dialled(Number(host), stream),
      },
    });
    this.client = createClientLink({
      ports,
      events: { restarted: () => this.restarts++ },
      credentials: {
        publicKey: keyForTests,
        token: () => Promise.resolve('a.b.c'),
        sign: () => Promise.resolve(new Uint8Array(64)),
      },
    });
  }

  /** Whole number from 0 up to below `limit`. */
  pick(limit: number): number {
    return Math.floor(this.#random.fraction() * limit);
  }

  addPipe(): void {
    const delayMs = 1 + this.pick(60);
    const pipe = new Pipe(this.effects, { delayMs, bytesPerMs: [200, 900, 5_000, 100_000][this.pick(4)]! });
    this.#pipes.push(pipe);
    pipe.attachLeft(this.client.addCarrier(pipe.leftSink));
    pipe.attachRight(this.#agent.accept(pipe.rightSink));
  }

  /** One thing happens. */
  step(): void {
    this.#pipes = this.#pipes.filter((pipe) => !pipe.isCut);
    const what = this.pick(12);
    const pipe = this.#pipes[this.pick(Math.max(1, this.#pipes.length))];
    if (what < 2) this.#open();
    else if (what < 6) this.#say();
    else if (what === 6) this.#sayAll();
    else if (what === 7 && this.pick(3) === 0) this.#reset();
    else if (what === 8 && this.#pipes.length < 8) this.addPipe();
    else if (what === 9 && pipe) {
      this.carriersLost++;
      pipe.cut();
    } else if (what === 10 && pipe && this.pick(2) === 0) {
      this.carriersLost++;
      pipe.silent = true;
    } else if (what === 11) this.#hold();
  }

  /** Whatever was silent is cut, there is a carrier, everybody reads and says the rest; then all must come to its end. */
  async heal(): Promise<void> {
    for (const pipe of this.#pipes) if (pipe.silent) pipe.cut();
    for (const talk of this.talks) this.#release(talk);
    const until = this.effects.clock.monotonic() + healMs;
    const done = () => this.talks.every((talk) => this.#isDone(talk)) && this.client.streams === 0;
    while (!done() && this.effects.clock.monotonic() < until) {
      this.#pipes = this.#pipes.filter((pipe) => !pipe.isCut);
      if (this.#pipes.length === 0) this.addPipe();
      this.effects.time.advance(50);
      await settle();
      for (const talk of this.talks) {
        this.#release(talk);
        if (talk.reset || talk.up.broken || talk.down.broken) continue;
        if (!talk.up.saidAll) this.#end(talk, 'up');
        if (talk.far && !talk.down.saidAll) this.#end(talk, 'down');
      }
    }
    for (const [at, talk] of this.talks.entries()) if (!this.#isDone(talk)) this.#fault(talkText(at, talk));
    if (this.client.streams > 0) this.#fault('a conversation that is over is still known');
    const given = () => this.#windowBytes === 0 || this.#fault(`windows keep ${this.#windowBytes} bytes`);
    if (this.#agent.associations.every(({ streams }) => streams === 0)) given();
    this.client.close();
    this.#agent.close();
    // What was sent at the end still arrives; then no timer may be left.
    this.effects.time.advance(90_000);
    await settle();
    given();
    if (this.effects.time.pending > 0) this.#fault(`${this.effects.time.pending} timers are left`);
  }

  #isDone(talk: Talk): boolean {
    if (talk.reset || talk.up.broken || talk.down.broken) return true;
    return talk.up.heardAll && talk.down.heardAll;
  }

  #open(): void {
    if (this.talks.length >= 24) return;
    const talk = new Talk(this.talks.length * 101, this.pick(3) === 0);
    const host = String(this.talks.push(talk) - 1);
    talk.near = this.client.openTcp(
      { host, port: 1 },
      {
        opened: () => {
          if (talk.opened) this.#fault('opened twice');
          talk.opened = true;
        },
        ...this.#ear(talk, 'down'),
      },
    );
  }

  #dialled(at: number, stream: MuxStream & { accept(): void }): StreamEvents {
    const talk = this.talks[at]!;
    if (++talk.opens > 1) this.#fault('dialled twice');
    talk.far = stream;
    this.effects.timers.after(this.pick(30), () => stream.accept());
    return this.#ear(talk, 'up');
  }

  #ear(talk: Talk, name: 'up' | 'down'): StreamEvents {
    const direction = talk[name];
    return {
      data: (bytes) => {
        this.#note(bytes.length);
        direction.hear(bytes, (what) => this.#fault(what));
        if (name === 'up' ? talk.farHolds > 0 : talk.nearHolds > 0) {
          if (name === 'up') talk.farHolds += bytes.length;
          else talk.nearHolds += bytes.length;
        } else (name === 'up' ? talk.far : talk.near)?.consumed(bytes.length);
      },
      end: () => {
        this.#note(1);
        if (!direction.saidAll || direction.heard !== direction.said)
          this.#fault(`the end came after ${direction.heard} of ${direction.said} bytes`);
        direction.heardAll = true;
      },
      reset: () => {
        this.#note(2);
        direction.broken = true;
        if (!talk.reset && this.restarts === 0) this.#fault('broken although nobody broke it');
      },
      writable: () => undefined,
    };
  }

  #some(): Talk | undefined {
    return this.talks[this.pick(Math.max(1, this.talks.length))];
  }

  #say(): void {
    const talk = this.#some();
    const up = this.pick(2) === 0;
    const stream = up ? talk?.near : talk?.far;
    const direction = up ? talk?.up : talk?.down;
    if (!stream || !direction || direction.saidAll || talk?.reset) return;
    const most = [20, 2_000, 30_000, 160_000][this.pick(4)]!;
    stream.write(direction.bytes(1 + this.pick(most)));
  }

  #sayAll(): void {
    const talk = this.#some();
    if (talk && !talk.reset) this.#end(talk, this.pick(2) === 0 ? 'up' : 'down');
  }

  #end(talk: Talk, name: 'up' | 'down'): void {
    const stream = name === 'up' ? talk.near : talk.far;
    if (!stream) return;
    talk[name].saidAll = true;
    stream.end();
  }

  #reset(): void {
    const talk = this.#some();
    if (!talk || talk.reset || this.#isDone(talk)) return;
    talk.reset = true;
    (this.pick(2) === 0 && talk.far ? talk.far : talk.near)?.reset();
  }

  #hold(): void {
    const talk = this.#some();
    if (!talk) return;
    talk.nearHolds ||= 1;
    talk.farHolds ||= 1;
  }

  #release(talk: Talk): void {
    const { nearHolds, farHolds } = talk;
    talk.nearHolds = 0;
    talk.farHolds = 0;
    if (nearHolds > 1) talk.near?.consumed(nearHolds - 1);
    if (farHolds > 1) talk.far?.consumed(farHolds - 1);
  }

  #note(value: number): void {
    this.trace = (Math.imul(this.trace, 31) + value + Math.round(this.effects.clock.monotonic() * 1000)) | 0;
  }

  #fault(what: string): void {
    if (this.broken.length < 5) this.broken.push(what);
  }
}

function talkText(at: number, { up, down, opened }: Talk): string {
  const text = ({ said, heard, heardAll }: Direction) => `${heard} of ${said}${heardAll ? ', ended' : ''}`;
  return `conversation ${at} did not come to its end: up ${text(up)}; down ${text(down)}; opened ${opened}`;
}

/** Lives one link by a seed and judges it: what is heard is what was said, in order and once, and everything comes to its end. */
export async function simulateLink(seed: number, options: SimulationOptions = {}): Promise<SimulatedLife> {
  const world = new World(seed, options);
  world.addPipe();
  const steps = 10 + world.pick(stepsMost);
  for (let step = 0; step < steps; step++) {
    world.step();
    world.effects.time.advance(world.pick(80));
    await settle();
  }
  await world.heal();
  return {
    seed,
    broken: world.broken,
    streams: world.talks.length,
    carriersLost: world.carriersLost,
    windowBytes: world.windowBytesMost,
    bytes: world.talks.reduce((sum, { up, down }) => sum + up.heard + down.heard, 0),
    trace: world.trace,
  };
}
