import { SeededRandom } from '@sallyport/effects/simulated';
import { endCodes } from '../codes.ts';
import type { ClientLink } from '../client/client-link.ts';
import { frame } from '../frame/encode.ts';
import { frameTypes } from '../frame/frame-type.ts';
import { CarrierEnd } from '../handshake/carrier-end.ts';
import { beyondBounds } from './bounds.ts';
import { FuzzWorld, Program } from './fuzz-world.ts';
import { HostilePeer } from './hostile-peer.ts';
import { lawful, ports } from './lawful.ts';
import { violations } from './violations.ts';

/** What one hostile peer came to. */
export interface HostileLife {
  readonly seed: number;
  /** The rule that the victim broke; undefined when all held. */
  readonly wrong: string | undefined;
  /** Frames that were taken before the link ended, or before the peer had enough. */
  readonly depth: number;
  /** The rule that the peer broke at last, if it did. */
  readonly violation: string | undefined;
}

/** A link with fewer frames has shown little: the median of the lives must be deeper. */
export const depthLeast = 30;

const programOf = (events: unknown) => (events instanceof Program ? events : undefined);

/**
 * A peer that was admitted says things to the agent, or to the client, which no rule forbids, and at last one that a rule does (or none). The
 * victim must take the first, end the link for the last with the code for it, stay within the bounds of `limits.ts` and throw nothing, while
 * an honest link beside it (of another client, or to another agent) is answered before and afterwards.
 */
export async function fuzzLink(seed: number, to: 'agent' | 'client'): Promise<HostileLife> {
  const life = new Life(seed, to);
  await life.run();
  const { peer, wrong, depth, violation } = life;
  return { seed, wrong: wrong ?? peer.wrong, depth, violation };
}

/** The median of some lives, as something wrong when it is too small. */
export function shallow(lives: readonly HostileLife[]): string | undefined {
  const depths = lives.map(({ depth }) => depth).sort((a, b) => a - b);
  const median = depths[depths.length >> 1] ?? 0;
  return median > depthLeast ? undefined : `half of the links end after ${median} frames or fewer`;
}

class Life {
  readonly world: FuzzWorld;
  readonly peer: HostilePeer;
  readonly #to: 'agent' | 'client';
  readonly #victim: CarrierEnd;
  readonly #client: ClientLink | undefined;
  readonly #programs: Program[] = [];
  readonly #honest: ClientLink;
  readonly #old: Program;
  wrong: string | undefined;
  violation: string | undefined;
  depth = 0;

  constructor(seed: number, to: 'agent' | 'client') {
    const random = new SeededRandom(seed ^ (to === 'agent' ? 0 : 0x5bd1e995));
    this.#to = to;
    this.world = new FuzzWorld(seed);
    const agent = this.world.agent();
    const pipe = this.world.pipe();
    if (to === 'agent') {
      this.peer = new HostilePeer('client', random, pipe.leftSink);
      this.#victim = agent.accept(pipe.rightSink) as CarrierEnd;
      pipe.attachRight(this.#victim);
      pipe.attachLeft(this.peer);
    } else {
      this.peer = new HostilePeer('agent', random, pipe.rightSink);
      this.#client = this.world.client('evil');
      this.#victim = this.#client.addCarrier(pipe.leftSink) as CarrierEnd;
      pipe.attachLeft(this.#victim);
      pipe.attachRight(this.peer);
    }
    this.#watchErrors();
    // The client is the same program in both cases: it has a link of its own to an agent that is honest.
    this.#honest = this.world.client('anna');
    const way = this.world.pipe();
    way.attachLeft(this.#honest.addCarrier(way.leftSink));
    way.attachRight(agent.accept(way.rightSink));
    this.#old = this.world.open(this.#honest);
  }

  async run(): Promise<void> {
    await this.world.run(20);
    if (!this.peer.admitted) return this.#bad('the peer was not admitted');
    const rounds = 40 + this.peer.pick(60);
    for (let round = 0; round < rounds && this.wrong === undefined; round++) {
      this.#use();
      const frames = this.peer.one(lawful)!(this.peer);
      if (frames) this.peer.say(frames);
      if (round % 3 === 0) await this.world.run(1 + this.peer.pick(6));
      if (round % 12 === 0) this.#judgeBounds();
      if (this.peer.gone) this.#bad('what no rule forbids ended the link');
    }
    await this.world.run(20);
    if (this.peer.gone) this.#bad('what no rule forbids ended the link');
    this.depth = this.peer.depth;
    this.#judgeBounds();
    if (this.wrong === undefined) await this.#atLast();
    await this.#judgeHonest();
    const strange = this.world.strangeCode(['AGENT_PROTOCOL_VIOLATED']);
    if (strange !== undefined) this.#bad(`a conversation was told ${strange}`);
    for (const { code } of this.world.ended)
      if (!Object.hasOwn(endCodes, code)) this.#bad(`the link ended with ${code}`);
  }

  /** Programs of the victim's own machine, when it is the client. */
  #use(): void {
    const client = this.#client;
    if (!client || this.peer.pick(5) > 0) return;
    const kind = this.peer.pick(6);
    if (kind < 3) {
      const program = this.world.open(client, 1 + this.peer.pick(2));
      program.stream!.write(new Uint8Array(1 + this.peer.pick(20_000)));
      this.#programs.push(program);
    } else if (kind === 3) {
      const codes = this.world.flowCodes;
      const flow = client.openUdp(
        { host: '10.0.2.60', port: ports.echoes },
        { datagram: (bytes) => flow.send(bytes), ended: (code) => codes.add(code) },
      );
    } else this.world.ask(client, kind === 4 ? 'echo' : 'name');
  }

  /** One violation, or none, and what must become of the link. */
  async #atLast(): Promise<void> {
    const { peer } = this;
    if (peer.pick(4) === 0) return this.#judgeLife();
    const names = Object.keys(violations);
    while (this.violation === undefined) {
      const name = peer.one(names)!;
      const frames = violations[name]!(peer);
      if (!frames) continue;
      this.violation = name;
      peer.say(frames);
    }
    // Judged while it is heard as well: what is taken in spite of the rule may be kept.
    await this.world.run(2);
    this.#judgeBounds();
    await this.world.run(20);
    const { ended } = this.world;
    const how = ended.filter(({ owner }) => owner === 'evil').map(({ code }) => code);
    if (how.length !== 1 || how[0] !== 'AGENT_PROTOCOL_VIOLATED')
      return this.#bad(`${this.violation} ended the link with ${how.join() || 'nothing'}`);
    if (!peer.gone) this.#bad(`${this.violation} left the carrier open`);
    if (this.#to === 'agent' && peer.told !== endCodes.AGENT_PROTOCOL_VIOLATED)
      this.#bad(`${this.violation} was answered with the code ${peer.told}`);
    this.#judgeOver();
  }

  /** No rule was broken: the link lives, and ends when it is said. */
  async #judgeLife(): Promise<void> {
    const { peer } = this;
    const { pongs } = peer;
    peer.say([frame(frameTypes.ping, 0)]);
    await this.world.run(10);
    if (peer.pongs !== pongs + 1) this.#bad('a link that broke no rule gives no sign of life');
    peer.say([frame(frameTypes.goodbye, 0, Uint8Array.of(endCodes.REACH_ENDED))]);
    await this.world.run(20);
    if (!this.world.ended.some(({ owner, code }) => owner === 'evil' && code === 'REACH_ENDED'))
      this.#bad('a goodbye does not end the link');
    this.#judgeOver();
  }

  #judgeOver(): void {
    const link = this.#victim.link;
    const left = (link?.streams.size ?? 0) + (link?.carriers.length ?? 0) + (this.#client?.streams ?? 0);
    if (left > 0) this.#bad(`${left} conversations or carriers outlive their link`);
    if (this.world.waiting > 0) this.#bad(`${this.world.waiting} questions wait for ever`);
  }

  #judgeBounds(): void {
    const link = this.#victim.link;
    const beyond = link && beyondBounds(link, programOf);
    if (beyond !== undefined) this.#bad(`beyond the bounds: ${beyond}`);
  }

  /** The honest link has kept what was open, and takes more. */
  async #judgeHonest(): Promise<void> {
    const fresh = this.world.open(this.#honest);
    fresh.stream!.write(new Uint8Array(10));
    this.#old.stream!.write(new Uint8Array(20_000));
    const waiting = this.world.waiting;
    this.world.ask(this.#honest, 'echo');
    this.world.ask(this.#honest, 'name');
    await this.world.run(300);
    if (fresh.heard !== 10) this.#bad('a new conversation of the honest link gets no answer');
    if (this.#old.heard !== 20_000) this.#bad('an old conversation of the honest link gets no answer');
    if (this.world.waiting !== waiting) this.#bad('questions of the honest link get no answer');
  }

  /** Whatever the victim trips over is a violation by its name, never an error of another kind. */
  #watchErrors(): void {
    const end = this.#victim.end.bind(this.#victim);
    this.#victim.end = (problem) => {
      if (problem !== undefined && (problem as { code?: unknown }).code !== 'AGENT_PROTOCOL_VIOLATED')
        this.#bad(`the victim tripped: ${problem instanceof Error ? problem.message : 'no error'}`);
      end(problem);
    };
  }

  #bad(what: string): void {
    this.wrong ??= what;
  }
}
