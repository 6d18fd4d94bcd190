import { answerBody, echoBody, openBody, questionBody } from '../frame/bodies.ts';
import { dataHeader, frame, putUint32, putUint48, uint48, utf8 } from '../frame/encode.ts';
import { frameTypes, type FrameType } from '../frame/frame-type.ts';
import { earlyPiecesMax } from '../limits.ts';
import { Talk, type HostilePeer } from './hostile-peer.ts';

/** Frames that no rule forbids, however odd; undefined where there is nothing to say it of. */
export type Saying = (peer: HostilePeer) => Uint8Array[] | undefined;

/** What the far side of the victim does with a conversation, by its port. */
export const ports = { echoes: 1, neverReads: 2, refuses: 3, breaks: 4, waits: 5 } as const;

/** A DATA frame. */
export function data(id: number, offset: number, bytes: number): Uint8Array {
  return Buffer.concat([dataHeader(frameTypes.data, id, offset, bytes), new Uint8Array(bytes).fill(7)]);
}

/** A receipt for so many bytes. */
export function receipt(position: number): Uint8Array {
  const body = new Uint8Array(10);
  putUint48(body, 0, position);
  putUint32(body, 6, 0);
  return frame(frameTypes.receipt, 0, body);
}

const tcp = (peer: HostilePeer) => peer.one(peer.talks.filter(({ kind, over }) => kind === 'tcp' && !over));

function open(peer: HostilePeer, id: number, kind: 'tcp' | 'udp'): Uint8Array {
  const port = peer.one([1, 1, 1, 2, 2, 3, 4, 5])!;
  const talk = new Talk(id, kind);
  // Where the end breaks it off, only it knows when.
  talk.steady = port !== ports.breaks;
  peer.talks.push(talk);
  return frame(
    frameTypes.open,
    id,
    openBody(kind, { host: peer.pick(2) ? '10.0.2.60' : 'db.internal', port }),
  );
}

const opens: Saying = (peer) => {
  if (peer.role === 'agent') return undefined;
  const kind = peer.pick(4) === 0 ? 'udp' : 'tcp';
  // Ids in order, or two that overtake each other, as over two carriers.
  if (peer.pick(4) > 0) return [open(peer, ++peer.lastId, kind)];
  peer.lastId += 2;
  return [open(peer, peer.lastId, kind), open(peer, peer.lastId - 1, kind)];
};

const opensMany: Saying = (peer) =>
  peer.role === 'agent' || peer.pick(40) > 0
    ? undefined
    : Array.from({ length: 600 }, () => open(peer, ++peer.lastId, 'tcp'));

const opensAgain: Saying = (peer) => {
  const talk = peer.one(peer.talks);
  if (peer.role === 'agent') return talk && [frame(frameTypes.opened, talk.id)];
  return talk && [frame(frameTypes.open, talk.id, openBody('tcp', { host: '10.0.2.61', port: 9 }))];
};

const goesOn: Saying = (peer) => {
  const talk = tcp(peer);
  if (!talk) return undefined;
  const most = Math.min(talk.edge - talk.whole, [1, 100, 9_000, 65_536][peer.pick(4)]!);
  if (most <= 0) return undefined;
  const bytes = 1 + peer.pick(most);
  const from = talk.whole;
  talk.note(from, from + bytes);
  return [data(talk.id, from, bytes)];
};

/** Right up to the last byte that the credit allows. */
const fills: Saying = (peer) => {
  const talk = tcp(peer);
  const bytes = talk ? Math.min(talk.edge - talk.whole, 60_000) : 0;
  if (!talk || bytes <= 0) return undefined;
  const from = talk.edge - bytes;
  talk.note(from, talk.edge);
  return [data(talk.id, from, bytes)];
};

/** All that the credit of one conversation allows, and of the same one again, so that what each new credit allows is said as well. */
const floods: Saying = (peer) => {
  if (peer.flooded?.over !== false || peer.flooded.finAt !== undefined || peer.pick(6) === 0)
    peer.flooded = tcp(peer);
  const talk = peer.flooded;
  if (!talk) return undefined;
  const frames: Uint8Array[] = [];
  while (talk.whole < talk.edge && frames.length < 8) {
    const from = talk.whole;
    const bytes = Math.min(talk.edge - from, 40_000);
    talk.note(from, from + bytes);
    frames.push(data(talk.id, from, bytes));
  }
  return frames.length > 0 ? frames : undefined;
};

const early: Saying = (peer) => {
  const talk = tcp(peer);
  if (!talk || talk.edge - talk.whole < 10 || talk.early.length > 400) return undefined;
  const from = talk.whole + 1 + peer.pick(talk.edge - talk.whole - 2);
  const bytes = 1 + peer.pick(Math.min(3_000, talk.edge - from));
  talk.note(from, from + bytes);
  return [data(talk.id, from, bytes)];
};

const earlyCrumbs: Saying = (peer) => {
  const talk = tcp(peer);
  const count = 300 + peer.pick(earlyPiecesMax / 8);
  if (!talk || peer.pick(10) > 0 || talk.early.length > 400) return undefined;
  if (talk.edge - talk.whole < 2 * count + 2) return undefined;
  const from = talk.whole + 1;
  return Array.from({ length: count }, (_, at) => {
    talk.note(from + 2 * at, from + 2 * at + 1);
    return data(talk.id, from + 2 * at, 1);
  });
};

/** What was said already, whole or in part. */
const repeats: Saying = (peer) => {
  const talk = tcp(peer);
  if (!talk || talk.whole === 0) return undefined;
  const from = peer.pick(talk.whole);
  return [data(talk.id, from, 1 + peer.pick(Math.min(talk.whole - from, 20_000)))];
};

const ends: Saying = (peer) => {
  const talk = tcp(peer);
  if (!talk || peer.pick(3) > 0) return undefined;
  const at = talk.finAt ?? talk.said;
  talk.finAt = at;
  return [frame(frameTypes.fin, talk.id, uint48(at))];
};

const resets: Saying = (peer) => {
  const talk = peer.one(peer.talks);
  if (!talk || peer.pick(4) > 0) return undefined;
  talk.over = true;
  return [frame(frameTypes.reset, talk.id, Uint8Array.of(peer.pick(256)))];
};

const credits: Saying = (peer) => {
  const limit = [0, 1, 200_000, 4 << 20, 2 ** 48 - 1][peer.pick(5)]!;
  return [frame(frameTypes.credit, peer.one(peer.talks)?.id ?? 7, uint48(limit))];
};

const datagrams: Saying = (peer) => {
  const talk = peer.one(peer.talks.filter(({ kind }) => kind === 'udp'));
  const body = new Uint8Array([0, 1, 500, 1_400, 1_400, 1_400, 9_000, 65_507][peer.pick(8)]!);
  return Array.from({ length: 1 + peer.pick(3) }, () => frame(frameTypes.datagram, talk?.id ?? 3, body));
};

const asks: Saying = (peer) => {
  if (peer.role === 'agent') return answers(peer);
  const count = peer.pick(25) === 0 ? 400 : 1;
  const host = peer.pick(3) === 0 ? 'never.internal' : '10.0.2.60';
  return Array.from({ length: count }, (_, at) =>
    peer.pick(2)
      ? frame(frameTypes.echo, at + 1, echoBody(host, new Uint8Array(peer.pick(1_400))))
      : frame(frameTypes.question, at + 1, questionBody(host, peer.pick(2) ? 'A' : 'AAAA')),
  );
};

function answers(peer: HostilePeer): Uint8Array[] {
  const [type, id] = peer.asked.shift() ?? [frameTypes.answer, peer.pick(999)];
  if (type === frameTypes.echoReply) return [frame(type, id, Uint8Array.of(peer.pick(12), 1, 2, 3))];
  const addresses = Array.from({ length: peer.pick(65) }, () => 'fd00:10:2::60');
  return [frame(type, id, answerBody({ code: 'NOERROR', addresses, ttlSeconds: peer.pick(2 ** 31) }))];
}

const packets: Saying = (peer) => [frame(frameTypes.packet, 0, new Uint8Array(peer.pick(1_500)))];
const renews: Saying = (peer) =>
  peer.role === 'client'
    ? [frame(frameTypes.renew, 0, utf8('n.e.w'))]
    : [frame(frameTypes.renewed, 0, uint48(peer.pick(2 ** 31)))];
/** For what arrived, or for less than was confirmed before. */
const confirms: Saying = (peer) => [receipt(peer.pick(4) ? peer.read : peer.pick(peer.read + 1))];
const pings: Saying = (peer) => [frame(peer.pick(2) ? frameTypes.ping : frameTypes.pong, peer.pick(9))];
/** Types of a later version, which may be passed over, and conversations that nobody knows. */
const unknown: Saying = (peer) =>
  peer.pick(2)
    ? [frame((128 + peer.pick(128)) as FrameType, peer.pick(9), new Uint8Array(peer.pick(300)))]
    : [data(0xffff_ff00 + peer.pick(200), peer.pick(2 ** 40), 1 + peer.pick(500))];

/** Those that make a conversation deep stand more than once. */
export const lawful: readonly Saying[] = [
  ...[
    opens,
    opens,
    goesOn,
    goesOn,
    goesOn,
    goesOn,
    fills,
    floods,
    floods,
    early,
    early,
    earlyCrumbs,
    repeats,
    ends,
    resets,
  ],
  ...[opensMany, opensAgain, credits, datagrams, asks, packets, renews, confirms, confirms, pings, unknown],
];
