import type { SeededRandom } from '@sallyport/effects/simulated';
import { endCodes, flowCodes } from '../codes.ts';
import type { CarrierInput, CarrierSink } from '../contract.ts';
import { bodyByte, bodyUint48, readOpen } from '../frame/bodies.ts';
import { frame } from '../frame/encode.ts';
import { frameTypes } from '../frame/frame-type.ts';
import { FrameReader } from '../frame/reader.ts';
import { claimBody, helloBody, welcomeBody } from '../handshake/messages.ts';
import { streamsMax, versionsSpoken, windowBytesFirst } from '../limits.ts';
import { keyForTests } from './pair.ts';

/** One conversation as the hostile peer knows it. */
export class Talk {
  readonly id: number;
  readonly kind: 'tcp' | 'udp';
  /** Surely there at the other end: it said so. */
  sure = false;
  /** The other end does not break it off by itself. */
  steady = true;
  over = false;
  limit = windowBytesFirst;
  finAt: number | undefined;
  /** Up to where all was said, and what was said beyond. */
  whole = 0;
  readonly early: [from: number, to: number][] = [];

  constructor(id: number, kind: 'tcp' | 'udp') {
    this.id = id;
    this.kind = kind;
  }

  /** The end of the last byte that was said. */
  get said(): number {
    return this.early.reduce((most, [, to]) => Math.max(most, to), this.whole);
  }
  /** Whether a violation in it must be noticed: nothing has ended it. */
  get lives(): boolean {
    return this.kind === 'tcp' && this.sure && this.steady && !this.over && this.finAt !== this.whole;
  }
  /** Up to where data may be. */
  get edge(): number {
    return Math.min(this.limit, this.finAt ?? Number.POSITIVE_INFINITY);
  }

  note(from: number, to: number): void {
    const inOrder = from >= (this.early.at(-1)?.[0] ?? 0);
    this.early.push([from, to]);
    if (!inOrder) this.early.sort(([a], [b]) => a - b);
    while (this.early[0] && this.early[0][0] <= this.whole)
      this.whole = Math.max(this.whole, this.early.shift()![1]);
  }
}

const known = (codes: Readonly<Record<string, number>>, code: number) => Object.values(codes).includes(code);

/** A peer that writes its frames itself: it knows the protocol, is admitted, and keeps count of everything, so that it can break one rule exactly. */
export class HostilePeer implements CarrierInput {
  readonly random: SeededRandom;
  readonly role: 'client' | 'agent';
  readonly talks: Talk[] = [];
  /** Questions and echo requests that wait for an answer of ours: type of the answer, id. */
  readonly asked: [type: 33 | 35, id: number][] = [];
  /** The conversation that is filled to its edge again and again. */
  flooded: Talk | undefined;
  readonly #sink: CarrierSink;
  readonly #reader: FrameReader;
  admitted = false;
  lastId = 0;
  /** Frames said since it was admitted. */
  depth = 0;
  /** Bytes read since then. */
  read = 0;
  pongs = 0;
  answers = 0;
  /** The code that the other end ended the link with. */
  told: number | undefined;
  gone = false;
  wrong: string | undefined;

  constructor(role: 'client' | 'agent', random: SeededRandom, sink: CarrierSink) {
    this.role = role;
    this.random = random;
    this.#sink = sink;
    this.#reader = new FrameReader({
      frame: (type, id, body) => this.#frame(type, id, body),
      data: () => undefined,
    });
    if (role === 'client') return;
    const features = ['names', 'udp', 'echo', 'packets'] as const;
    const nonce = new Uint8Array(32);
    const hello = { agentId: 'agt_evil', versions: versionsSpoken, features, nonce };
    sink.send([frame(frameTypes.hello, 0, helloBody(hello))]);
  }

  pick(limit: number): number {
    return Math.floor(this.random.fraction() * limit);
  }
  one<T>(list: readonly T[]): T | undefined {
    return list[this.pick(list.length)];
  }

  /** Says frames, now and then cut where no frame ends. */
  say(frames: readonly Uint8Array[]): void {
    if (this.gone) return;
    this.depth += frames.length;
    const whole = Buffer.concat(frames);
    const cut = this.pick(4) === 0 ? this.pick(whole.length) : 0;
    if (cut > 0) this.#sink.send([whole.subarray(0, cut)]);
    this.#sink.send([whole.subarray(cut)]);
  }

  receive(bytes: Uint8Array): void {
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.wrong ??= `what the victim says cannot be read: ${String(error)}`;
    }
    this.read += this.#reader.takeRead();
  }
  drained(): void {
    // Its sink takes everything at once.
  }
  lost(): void {
    this.gone = true;
  }

  #frame(type: number, id: number, body: Uint8Array): void {
    const talk = () => this.talks.find((one) => one.id === id);
    switch (type) {
      case frameTypes.hello:
        return this.#claim();
      case frameTypes.claim:
        this.#sink.send([frame(frameTypes.welcome, 0, welcomeBody(welcome))]);
        return this.#admit();
      case frameTypes.welcome:
        return this.#admit();
      case frameTypes.open: {
        const opened = new Talk(id, readOpen(body).kind);
        opened.sure = true;
        this.lastId = Math.max(this.lastId, id);
        return void this.talks.push(opened);
      }
      case frameTypes.opened:
        return void (talk() && (talk()!.sure = true));
      case frameTypes.credit:
        return void (talk() && (talk()!.limit = Math.max(talk()!.limit, bodyUint48(body))));
      case frameTypes.reset:
        if (!known(flowCodes, bodyByte(body))) this.wrong ??= `a reset with the code ${body[0]}`;
        return void (talk() && (talk()!.over = true));
      case frameTypes.echo:
        return void this.asked.push([frameTypes.echoReply, id]);
      case frameTypes.question:
        return void this.asked.push([frameTypes.answer, id]);
      case frameTypes.echoReply:
        if (body[0] !== 0 && !known(flowCodes, body[0]!)) this.wrong ??= `an echo with the code ${body[0]}`;
        return void this.answers++;
      case frameTypes.answer:
        return void this.answers++;
      case frameTypes.ping:
        return void (this.gone || this.#sink.send([frame(frameTypes.pong, 0)]));
      case frameTypes.pong:
        return void this.pongs++;
      case frameTypes.goodbye:
        if (!known(endCodes, bodyByte(body))) this.wrong ??= `an end with the code ${body[0]}`;
        this.told = body[0];
    }
  }

  #claim(): void {
    const signature = new Uint8Array(64);
    const features = ['names', 'udp', 'echo', 'packets'];
    const claim = {
      version: 1,
      features,
      token: 'e.v.il',
      publicKey: keyForTests,
      signature,
      association: '',
    };
    this.#sink.send([frame(frameTypes.claim, 0, claimBody(claim))]);
  }

  #admit(): void {
    this.#reader.admit();
    this.admitted = true;
  }
}

const welcome = { association: 'evil', streamsMax, tokenEndsInMs: 3_600_000 };
