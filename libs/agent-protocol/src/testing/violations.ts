import { frame, uint48 } from '../frame/encode.ts';
import { frameTypes, type FrameType } from '../frame/frame-type.ts';
import { earlyPiecesMax, openGapMax, tokenBytesMax } from '../limits.ts';
import type { HostilePeer, Talk } from './hostile-peer.ts';
import { data, receipt, type Saying } from './lawful.ts';

const nothing = new Uint8Array();
const raw = (type: number, id: number, body: Uint8Array) => frame(type as FrameType, id, body);

/** In a conversation that lives at the other end and for which `fit` holds. */
const within =
  (say: (talk: Talk, peer: HostilePeer) => Uint8Array[], fit: (talk: Talk) => boolean = () => true): Saying =>
  (peer) => {
    const talk = peer.one(peer.talks.filter((one) => one.lives && fit(one)));
    return talk && say(talk, peer);
  };
const ofClient =
  (saying: Saying): Saying =>
  (peer) =>
    peer.role === 'client' ? saying(peer) : undefined;

const unended = ({ finAt }: Talk) => finAt === undefined;
const short = (from: number, type: FrameType, bytes: number): Saying =>
  within(({ id }) => [raw(type, id, new Uint8Array(bytes).fill(from))]);

/** Each breaks one rule, as narrowly as it can be broken; a victim that knows the rule ends the link by it. */
export const violations: Readonly<Record<string, Saying>> = {
  'one byte beyond the credit': within((talk) => [data(talk.id, talk.limit, 1)], unended),
  'data that begins within the credit and ends beyond': within(
    (talk) => [data(talk.id, talk.limit - 99, 100)],
    unended,
  ),
  'data behind the end': within(
    (talk) => [data(talk.id, talk.finAt!, 1)],
    (talk) => !unended(talk),
  ),
  'two ends': within(
    (talk) => [raw(frameTypes.fin, talk.id, uint48(talk.finAt! + 1))],
    (talk) => !unended(talk) && talk.finAt! < talk.limit,
  ),
  'an end beyond the credit': within(
    (talk) => [raw(frameTypes.fin, talk.id, uint48(talk.limit + 1))],
    unended,
  ),
  'an end before what was said': within(
    (talk) => [raw(frameTypes.fin, talk.id, uint48(talk.whole - 1))],
    (talk) => unended(talk) && talk.whole > 0,
  ),
  'too many early pieces': within(
    (talk) => Array.from({ length: earlyPiecesMax + 1 }, (_, at) => data(talk.id, talk.edge - 1 - 2 * at, 1)),
    (talk) => talk.edge - talk.said > 2 * earlyPiecesMax + 4,
  ),
  'empty data': within((talk) => [
    raw(frameTypes.data, talk.id, new Uint8Array(6)),
    raw(frameTypes.ping, 0, nothing),
  ]),
  'data without an offset': short(0, frameTypes.data, 5),
  'packed data that was not agreed on': short(1, frameTypes.packed, 40),
  'a credit of five bytes': short(0, frameTypes.credit, 5),
  'a reset without a code': short(0, frameTypes.reset, 0),
  'a receipt for what was not sent': (peer) => [receipt(peer.read + 1_000)],
  'a receipt of nine bytes': () => [raw(frameTypes.receipt, 0, new Uint8Array(9))],
  'a type that nobody knows': (peer) => [raw(60 + peer.pick(60), peer.pick(9), nothing)],
  'a frame that is too long': () => [Uint8Array.of(frameTypes.packet, 1, 0, 65, 0, 0, 0, 0)],
  'a second handshake': (peer) => [raw(1 + peer.pick(4), 0, new Uint8Array(20))],
  'an end of the link with two codes': (peer) =>
    peer.role === 'agent' ? [raw(frameTypes.goodbye, 0, Uint8Array.of(1, 1))] : undefined,
  'an opening of no known kind': ofClient((peer) => [
    raw(frameTypes.open, peer.lastId + 1, Uint8Array.of(3, 0, 80, 49)),
  ]),
  'an opening without a host': ofClient((peer) => [
    raw(frameTypes.open, peer.lastId + 1, Uint8Array.of(1, 0, 80)),
  ]),
  'a host that is no text': ofClient((peer) => [
    raw(frameTypes.open, peer.lastId + 1, Uint8Array.of(1, 0, 80, 0xff)),
  ]),
  'too many ids left out': ofClient((peer) =>
    Array.from({ length: openGapMax + 1 }, (_, at) =>
      raw(frameTypes.open, peer.lastId + 2 + at, Uint8Array.of(1, 0, 3, 49)),
    ),
  ),
  'an echo that ends in its address': ofClient(() => [raw(frameTypes.echo, 1, Uint8Array.of(9, 49))]),
  'a question for MX': ofClient(() => [raw(frameTypes.question, 1, Uint8Array.of(15, 49))]),
  'a token without end': ofClient(() => [
    raw(frameTypes.renew, 0, new Uint8Array(tokenBytesMax + 1).fill(49)),
  ]),
};
