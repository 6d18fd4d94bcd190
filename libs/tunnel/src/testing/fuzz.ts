import { simulatedEffects } from '@sallyport/effects/simulated';
import { echoReply, payloadOf, tcpReset, udpReply, unreachable } from '../packet/answers.ts';
import { PacketView, protocolNumbers } from '../packet/packet-view.ts';
import { swapAddresses, writeTcpPort } from '../packet/swap.ts';
import { Filter } from '../filter/filter.ts';
import { readRules, type Protocol } from '../filter/rule.ts';
import { verdict } from '../filter/verdict.ts';
import { TcpFlows } from '../flow/tcp-flows.ts';
import { NameResponder } from '../router/name-responder.ts';
import { directReach } from './direct-reach.ts';
import { outsideGrant, seededNumbers } from './outside-packets.ts';
import { buildPacket, checksumsHold } from './packets.ts';

/** Something that hostile bytes did and must not. */
export interface Finding {
  readonly input: number;
  readonly what: string;
  readonly bytes: string;
}

const granted = {
  from: '100.64.0.1',
  to: '10.20.1.1',
  sourcePort: 40_000,
  destinationPort: 443,
  flags: 2,
} as const;
const seeds: readonly Uint8Array[] = [
  buildPacket({ ...granted, protocol: 6, payload: new Uint8Array(30) }),
  buildPacket({ ...granted, protocol: 17, destinationPort: 53, payload: new Uint8Array(30) }),
  buildPacket({ ...granted, protocol: 1, to: '10.20.7.9', flags: 8, payload: new Uint8Array(30) }),
  buildPacket({ ...granted, protocol: 6, from: 'fd7a::1', to: 'fd20::1' }),
  buildPacket({
    ...granted,
    protocol: 58,
    from: 'fd7a::1',
    to: 'fd20::1',
    flags: 128,
    payload: new Uint8Array(9),
  }),
  buildPacket({ ...granted, protocol: 17, fragment: 0x2001 }),
];

export type Numbers = (below: number) => number;

/** A packet with a few of its bits, bytes, lengths or its end changed; sometimes nothing but chance. */
function hostile(next: Numbers): Uint8Array {
  if (next(10) === 0) return Uint8Array.from({ length: next(200) }, () => next(256));
  return hostileTo(seeds[next(seeds.length)]!.slice(), next);
}

/** The packet with a few of its bits, bytes, lengths or its end changed, in place. */
export function hostileTo(packet: Uint8Array, next: Numbers): Uint8Array {
  for (let changes = next(6); changes > 0; changes -= 1) {
    // Most of what decides lies in the headers.
    const at = next(4) === 0 ? next(packet.length) : next(Math.min(44, packet.length));
    packet[at] =
      next(3) === 0
        ? packet[at]! ^ (1 << next(8))
        : next(4) === 0
          ? [0, 1, 127, 128, 255][next(5)]!
          : next(256);
  }
  return next(4) === 0 ? packet.subarray(0, next(packet.length + 1)) : packet;
}

/** What the packet side does with one packet, and whether that is sound; the words of what is not. */
function tryPacket(
  bytes: Uint8Array,
  next: Numbers,
  view: PacketView,
  filter: Filter,
  flows: TcpFlows,
): string | undefined {
  const before = next(20);
  const framed = new Uint8Array(before + bytes.length);
  framed.set(bytes, before);
  if (view.read(framed, before, framed.length) !== '') return undefined;
  if (view.transport < view.start + 20 || view.end > framed.length || view.transport > view.end)
    return 'read past its end';
  const judged = filter.judge(view);
  if (judged === verdict.drop && filter.reason === 0) return 'dropped without a reason';
  const answers = [unreachable(view, 'prohibited')];
  if (view.protocol === protocolNumbers.tcp) {
    answers.push(tcpReset(view));
    const slot = flows.find(view);
    if (slot < 0) flows.hold(view, 0, next(1000));
    else if (flows.port(slot) !== view.destinationPort) return 'another connection was found';
  }
  if (view.protocol === protocolNumbers.udp) answers.push(udpReply(view, payloadOf(view)));
  if (view.isEchoRequest) answers.push(echoReply(view, payloadOf(view)));
  const read = new PacketView();
  for (const answer of answers) {
    if (answer === undefined) continue;
    if (read.read(answer, 0, answer.length) !== '') return 'an answer is no packet';
    if (!checksumsHold(answer)) return 'an answer has a wrong checksum';
  }
  if (judged === verdict.tcp) {
    const held = view.copy();
    const sound = checksumsHold(held);
    writeTcpPort(view, 'destination', next(65_536), false);
    swapAddresses(view);
    if (sound && !checksumsHold(view.copy())) return 'the swap made a checksum wrong';
  }
  return undefined;
}

/** Hostile packets from a seed, through everything that reads them. */
export function fuzzPackets(seed: number, inputs: number): Finding[] {
  const next = seededNumbers(seed);
  const view = new PacketView();
  const carries = new Set<Protocol>(['tcp', 'udp', 'icmp', 'ip']);
  const filter = new Filter({
    ...outsideGrant,
    rules: readRules(0, outsideGrant.routes),
    carries: [carries],
  });
  const flows = new TcpFlows(64, 4);
  const found: Finding[] = [];
  for (let input = 0; input < inputs; input += 1) {
    const bytes = hostile(next);
    const copy = Buffer.from(bytes).toString('hex');
    let what: string | undefined;
    try {
      what = tryPacket(bytes, next, view, filter, flows);
    } catch (error) {
      what = `threw ${String(error)}`;
    }
    if (what !== undefined) found.push({ input, what, bytes: copy });
  }
  return found;
}

/** A query for a name of the grant, as `dig` writes it. */
const query = Buffer.from(
  'beef01200001000000000001047765623108696e7465726e616c00000100010000291000000000000000',
  'hex',
);

/** Hostile DNS messages from a seed: each is answered, or not, and never with an exception or a message that is too long. */
export async function fuzzQueries(seed: number, inputs: number): Promise<Finding[]> {
  const next = seededNumbers(seed);
  const found: Finding[] = [];
  const responder = new NameResponder({
    names: { responder: '100.64.0.2', names: [], suffixes: ['internal'] },
    reach: directReach({ carries: ['tcp'], addresses: {}, names: { 'web1.internal': ['10.20.0.5'] } }),
    granted: () => true,
    effects: simulatedEffects({ seed }),
    debug: () => undefined,
  });
  const { signal } = new AbortController();
  for (let input = 0; input < inputs; input += 1) {
    const bytes =
      next(8) === 0 ? Buffer.from(Array.from({ length: next(80) }, () => next(256))) : Buffer.from(query);
    for (let changes = next(5); changes > 0 && bytes.length > 0; changes -= 1)
      bytes[next(bytes.length)] = next(256);
    const sent = next(4) === 0 ? bytes.subarray(0, next(bytes.length + 1)) : bytes;
    try {
      const answer = await responder.answer(sent, signal);
      if (answer === undefined) continue;
      if (answer.length > 1232)
        found.push({ input, what: 'an answer is too long', bytes: sent.toString('hex') });
      if (answer[0] !== sent[0] || answer[1] !== sent[1] || (answer[2]! & 0x80) === 0)
        found.push({ input, what: 'an answer is none to the query', bytes: sent.toString('hex') });
    } catch (error) {
      found.push({ input, what: `threw ${String(error)}`, bytes: sent.toString('hex') });
    }
  }
  return found;
}
