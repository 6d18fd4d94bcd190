import { maskWords, parseAddress, parseRange, words, type Range } from '../packet/address.ts';
import { protocolNumbers, type PacketView } from '../packet/packet-view.ts';
import { reasonNumber, verdict, type Verdict } from './verdict.ts';
import type { Protocol, Rule } from './rule.ts';

/** What the filter needs to know of the device and of the grants. */
export interface FilterSettings {
  /** The device's own addresses: nothing else may send into it. */
  readonly sources: readonly string[];
  /** Where the responder for names listens (UDP and TCP port 53), or undefined. */
  readonly responder?: string | undefined;
  readonly rules: readonly Rule[];
  /** For each network by its number: what its way carries. */
  readonly carries: readonly ReadonlySet<Protocol>[];
}

/** The number that stands for the responder in place of a network. */
export const responderNetwork = -1;

/**
 * Never sent into a private network, whatever a grant says: this machine itself, link-local addresses (the metadata services of clouds among them),
 * multicast and broadcast.
 */
const neverRouted = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'],
  ...['::/127', '::ffff:0:0/96', 'fe80::/10', 'ff00::/8', 'fd00:ec2::/32'],
].map(parseRange);

interface CompiledRange {
  readonly family: number;
  readonly m0: number;
  readonly m1: number;
  readonly m2: number;
  readonly m3: number;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

interface CompiledRule {
  readonly range: CompiledRange;
  readonly network: number;
  readonly proto: Protocol;
  /** Pairs of first and last port. */
  readonly ports: Int32Array;
}

/** From packet to verdict. Stateless but for its answer's two fields; judging allocates nothing. */
export class Filter {
  /** After a verdict other than drop: the network, or {@link responderNetwork}. */
  network = 0;
  /** After a drop: the number of its reason. */
  reason = 0;
  readonly #sources: readonly CompiledRange[];
  readonly #responder: CompiledRange | undefined;
  readonly #never = neverRouted.map(compiled);
  /** Rules of single IPv4 addresses by address, and all others. */
  readonly #hosts = new Map<number, CompiledRule[]>();
  readonly #ranges: CompiledRule[] = [];
  readonly #carries: readonly ReadonlySet<Protocol>[];

  constructor({ sources, responder, rules, carries }: FilterSettings) {
    this.#sources = sources.map((text) => compiled(single(text)));
    this.#responder = responder === undefined ? undefined : compiled(single(responder));
    this.#carries = carries;
    for (const { network, range, proto, ports } of rules) {
      const rule = { range: compiled(range), network, proto, ports: Int32Array.from(ports.flat()) };
      if (range.family === 4 && range.prefix === 32) {
        const known = this.#hosts.get(rule.range.w3);
        if (known === undefined) this.#hosts.set(rule.range.w3, [rule]);
        else known.push(rule);
      } else this.#ranges.push(rule);
    }
  }

  /** Judges a packet that was read without fault. */
  judge(packet: PacketView): Verdict {
    this.network = 0;
    this.reason = reasonNumber.unjudged;
    if (!this.fromDevice(packet)) return this.#drop(reasonNumber['foreign-source']);
    return this.judgeDestination(packet);
  }

  /** {@link judge} without a look at the source, for connections that were judged when they began. */
  judgeDestination(packet: PacketView): Verdict {
    if (this.#responder !== undefined && towards(this.#responder, packet))
      return this.#judgeForResponder(packet);
    for (const range of this.#never)
      if (towards(range, packet)) return this.#drop(reasonNumber['never-routed']);
    return this.#judgeByRules(packet);
  }

  /** Whether the packet's source is one of the device's own addresses. */
  fromDevice(packet: PacketView): boolean {
    for (const range of this.#sources) {
      if (range.family !== packet.family) continue;
      if (
        packet.source3 === range.w3 &&
        packet.source2 === range.w2 &&
        packet.source1 === range.w1 &&
        packet.source0 === range.w0
      )
        return true;
    }
    return false;
  }

  #judgeForResponder(packet: PacketView): Verdict {
    const { protocol, destinationPort } = packet;
    this.network = responderNetwork;
    if (destinationPort === 53 && protocol === protocolNumbers.udp) return verdict.names;
    if (destinationPort === 53 && protocol === protocolNumbers.tcp) return verdict.tcp;
    return this.#drop(reasonNumber['port-not-granted']);
  }

  #judgeByRules(packet: PacketView): Verdict {
    // What comes nearest to a grant is the reason that a person can do most with.
    this.reason = reasonNumber['address-not-granted'];
    const hosts = packet.family === 4 ? this.#hosts.get(packet.destination3) : undefined;
    if (hosts !== undefined)
      for (const rule of hosts) {
        const judged = this.#apply(rule, packet);
        if (judged !== verdict.drop) return judged;
      }
    for (const rule of this.#ranges) {
      if (!towards(rule.range, packet)) continue;
      const judged = this.#apply(rule, packet);
      if (judged !== verdict.drop) return judged;
    }
    return verdict.drop;
  }

  /** The verdict of a rule whose range holds the destination. */
  #apply(rule: CompiledRule, packet: PacketView): Verdict {
    const kind = kindOf(packet);
    if (rule.proto !== 'ip') {
      if (kind !== rule.proto) return this.#atLeast(reasonNumber['protocol-not-granted']);
      if (kind !== 'icmp' && !hasPort(rule.ports, packet.destinationPort))
        return this.#atLeast(reasonNumber['port-not-granted']);
    }
    const carries = this.#carries[rule.network];
    if (carries === undefined) return this.#atLeast(reasonNumber['not-carried']);
    this.network = rule.network;
    if (kind === 'tcp' && carries.has('tcp')) return verdict.tcp;
    if (kind === 'udp' && carries.has('udp')) return verdict.udp;
    if (kind === 'icmp' && packet.isEchoRequest && carries.has('icmp')) return verdict.echo;
    if (rule.proto === 'ip' && carries.has('ip')) return verdict.raw;
    return this.#atLeast(
      reasonNumber[kind === 'icmp' && carries.has('icmp') ? 'protocol-not-granted' : 'not-carried'],
    );
  }

  #drop(reason: number): Verdict {
    this.reason = reason;
    return verdict.drop;
  }

  #atLeast(reason: number): Verdict {
    this.reason = Math.max(this.reason, reason);
    return verdict.drop;
  }
}

function kindOf({ protocol, family }: PacketView): Protocol {
  if (protocol === protocolNumbers.tcp) return 'tcp';
  if (protocol === protocolNumbers.udp) return 'udp';
  return protocol === (family === 4 ? protocolNumbers.icmp : protocolNumbers.icmp6) ? 'icmp' : 'ip';
}

function hasPort(ports: Int32Array, port: number): boolean {
  for (let at = 0; at < ports.length; at += 2) if (port >= ports[at]! && port <= ports[at + 1]!) return true;
  return false;
}

function single(text: string): Range {
  const address = parseAddress(text);
  return { ...address, prefix: address.bytes.length * 8 };
}

function compiled(range: Range): CompiledRange {
  const [w0, w1, w2, w3] = words(range.bytes);
  const [m0, m1, m2, m3] = maskWords(range);
  return { family: range.family, w0, w1, w2, w3, m0, m1, m2, m3 };
}

function towards(range: CompiledRange, packet: PacketView): boolean {
  return (
    range.family === packet.family &&
    (packet.destination3 & range.m3) === range.w3 &&
    (packet.destination2 & range.m2) === range.w2 &&
    (packet.destination1 & range.m1) === range.w1 &&
    (packet.destination0 & range.m0) === range.w0
  );
}
