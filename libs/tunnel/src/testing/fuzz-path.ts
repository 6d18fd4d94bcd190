import ipaddr from 'ipaddr.js';
import { read } from '../edge/tun-worker-calls.ts';
import { PacketPath } from '../edge/tun-worker-path.ts';
import {
  counter,
  countersOf,
  flag,
  flagsOf,
  framingLength,
  numbersPerHead,
  sharedMemory,
  type FromTunWorker,
  type ToTunWorker,
} from '../edge/tun-worker-messages.ts';
import { addressText } from '../packet/address.ts';
import { PacketView, protocolNumbers } from '../packet/packet-view.ts';
import { readRules } from '../filter/rule.ts';
import { verdict } from '../filter/verdict.ts';
import type { Framing } from '../router/contract.ts';
import { closePair, openPair } from './device-pair.ts';
import { hostileTo, type Finding, type Numbers } from './fuzz.ts';
import { naiveVerdict } from './naive-filter.ts';
import { outsideGrant, seededNumbers } from './outside-packets.ts';
import { buildPacket, checksumsHold } from './packets.ts';

const listenPorts = { 4: [50_001, 50_002, 50_003, 50_004], 6: [50_011, 50_012, 50_013, 50_014] } as const;
const flowsMax = 48;
const heldMax = 6;
const [source4, source6] = outsideGrant.sources;
/** Destinations of the grant, one of them taken away by the narrower one. */
const granted = [
  [source4, '10.20.1.1', 443],
  [source4, '10.20.1.1', 5432],
  [source4, '100.64.0.5', 5432],
  [source6, 'fd20::1', 443],
] as const;
const narrower = outsideGrant.routes.filter(({ cidr }) => cidr !== '100.64.0.5/32');

type Decision = 'admitted' | 'reset' | 'unreachable' | 'forget';
const decisions: readonly Decision[] = ['admitted', 'admitted', 'admitted', 'reset', 'unreachable', 'forget'];

interface Connection {
  readonly at: readonly [slot: number, generation: number];
  readonly key: string;
}

/** A path over a pair of sockets in place of a device, the router's part of it played by chance. */
class TriedPath {
  readonly #next: Numbers;
  readonly #framing: Framing;
  readonly #device = openPair();
  readonly #shared = sharedMemory();
  readonly #counters = countersOf(this.#shared);
  readonly #path: PacketPath;
  readonly #view = new PacketView();
  readonly #written = new Uint8Array(65_536 + 64);
  /** Connections that wait for the router, and those that it has let through. */
  readonly #waiting: Connection[] = [];
  readonly #open: Connection[] = [];
  /** Whose SYN the router let through once. */
  readonly #admitted = new Set<string>();
  #trying = '';
  #routes: readonly (typeof outsideGrant.routes)[number][] = outsideGrant.routes;
  readonly #wrong: string[] = [];
  /** Connections that were let through, so that a fuzz of closed doors alone is not taken for one. */
  opened = 0;
  /** Segments of open connections that went to a listener. */
  passed = 0;

  constructor(framing: Framing, next: Numbers) {
    this.#framing = framing;
    this.#next = next;
    this.#path = new PacketPath({
      ...{ fd: this.#device.writing, framing, listenPorts, flowsMax, heldMax, shared: this.#shared },
      filter: this.#filter(),
      port: { postMessage: (message) => this.#told(message) },
    });
    this.#path.catchUp = () => this.#decide();
  }

  close(): void {
    closePair(this.#device);
  }

  #filter() {
    const rules = readRules(0, this.#routes);
    return { ...outsideGrant, rules, carries: [new Set(['tcp', 'udp', 'icmp'] as const)] };
  }

  /** One packet, and sometimes something that the router says; the words of what was wrong. */
  try(packet: Uint8Array): string | undefined {
    const path = this.#path;
    path.now += this.#next(200) === 0 ? this.#next(400) : 0.001;
    const header = framingLength[this.#framing];
    for (let at = 0; at < header; at += 1) path.buffer[at] = this.#next(3) === 0 ? this.#next(256) : 0;
    path.buffer.set(packet, header);
    if (this.#next(4) === 0) Atomics.store(flagsOf(this.#shared), flag.messages, 1);
    const readable = this.#view.read(packet, 0, packet.length) === '';
    const sound = readable && checksumsHold(packet);
    this.#trying = readable ? keyOf(this.#view) : '';
    path.take(header + packet.length);
    path.flush();
    Atomics.store(flagsOf(this.#shared), flag.behind, 0);
    this.#readBack(sound && (this.#framing === 'plain' || (path.buffer[0]! & 1) === 0));
    this.#interfere();
    this.#readBack(false);
    const [open, held] = [this.#counters[counter.open]!, this.#counters[counter.held]!];
    if (open + held > flowsMax || held > heldMax) this.#wrong.push(`${open} open and ${held} held`);
    return this.#wrong.shift();
  }

  /** What the kernel would be given: whole packets for this machine alone, and none for a listener that was not granted. */
  #readBack(sound: boolean): void {
    for (;;) {
      const length = Number(read(this.#device.reading, this.#written, this.#written.length));
      if (length <= 0) return;
      const packet = this.#written.slice(framingLength[this.#framing], length);
      const view = this.#view;
      if (view.read(packet, 0, packet.length) !== '') this.#wrong.push('what went back is no packet');
      else if (!outsideGrant.sources.some((own) => same(own, addressText(view.destinationBytes()))))
        this.#wrong.push(`a packet went back for ${addressText(view.destinationBytes())}`);
      else if (sound && !checksumsHold(packet)) this.#wrong.push('what went back has a wrong checksum');
      else if (!this.#isForListener(view)) continue;
      else if (this.#admitted.has(this.#trying)) this.passed += 1;
      else this.#wrong.push(`a listener heard of ${this.#trying}, which nobody let through`);
    }
  }

  #isForListener(view: PacketView): boolean {
    return (
      view.protocol === protocolNumbers.tcp &&
      (listenPorts[view.family] as readonly number[]).includes(view.destinationPort)
    );
  }

  /** What the router is given has to be granted now, by a filter that shares no code with this one. */
  #told(message: FromTunWorker): void {
    if (message.kind !== 'packets') return;
    let at = 0;
    for (let head = 0; head < message.heads.length; head += numbersPerHead) {
      const [judged = 0, , slot = 0, generation = 0, , length = 0] = message.heads.slice(
        head,
        head + numbersPerHead,
      );
      const packet = message.bytes.subarray(at, at + length);
      at += length;
      const view = new PacketView();
      if (view.read(packet, 0, packet.length) !== '') {
        this.#wrong.push('the router was given what is no packet');
        continue;
      }
      const word = wordOf(judged);
      const naive = naiveVerdict(toldOf(view), { ...outsideGrant, routes: this.#routes });
      if (word !== naive) this.#wrong.push(`judged ${word} where it is ${naive}`);
      if (judged === verdict.tcp) this.#waiting.push({ at: [slot, generation], key: keyOf(view) });
    }
    if (at !== message.bytes.length) this.#wrong.push('bytes without a head');
  }

  /** The router says something: in order, late, twice, or of a connection that is long gone. */
  #interfere(): void {
    const next = this.#next;
    if (next(3) === 0) this.#decide();
    if (next(20) === 0) {
      const open = this.#open[next(this.#open.length + 1)];
      if (open !== undefined) this.#path.obey(['release', ...open.at]);
    }
    if (next(50) === 0) this.#path.obey(['release', next(flowsMax), next(4)]);
    if (next(50) === 0) this.#path.obey(['reset', next(flowsMax), next(4)]);
    if (next(300) === 0) {
      this.#routes = next(2) === 0 ? narrower : outsideGrant.routes;
      this.#path.obey(['filter', this.#filter()]);
    }
    if (this.#open.length > 200) this.#open.splice(0, 100);
  }

  #decide(): void {
    Atomics.store(flagsOf(this.#shared), flag.messages, 0);
    const [connection] = this.#waiting.splice(this.#next(this.#waiting.length + 1), 1);
    if (connection === undefined) return;
    const decision = decisions[this.#next(decisions.length)]!;
    const message: ToTunWorker =
      decision === 'unreachable' ? [decision, ...connection.at, 'host'] : [decision, ...connection.at];
    this.#path.obey(message);
    if (decision !== 'admitted') return;
    this.#open.push(connection);
    this.#admitted.add(connection.key);
    this.opened += 1;
  }
}

function keyOf(view: PacketView): string {
  const [from, to] = [addressText(view.sourceBytes()), addressText(view.destinationBytes())];
  return `${from} ${view.sourcePort} ${to} ${view.destinationPort}`;
}

const same = (one: string, other: string) =>
  ipaddr.parse(one).toNormalizedString() === ipaddr.parse(other).toNormalizedString();

function wordOf(judged: number): ReturnType<typeof naiveVerdict> {
  const words = ['tcp', 'udp', 'echo', 'names'] as const;
  return words.find((word) => verdict[word] === judged) ?? 'drop';
}

function toldOf(view: PacketView): Parameters<typeof naiveVerdict>[0] {
  const { tcp, udp } = protocolNumbers;
  const ports = view.protocol === tcp ? 'tcp' : view.protocol === udp ? 'udp' : undefined;
  return {
    from: addressText(view.sourceBytes()),
    to: addressText(view.destinationBytes()),
    protocol: ports ?? (view.isEchoRequest ? 'echo' : 'other'),
    port: ports === undefined ? 0 : view.destinationPort,
  };
}

/** Segments of connections of the grant as a program and a listener say them, and other things that pass. */
function seed(next: Numbers): Uint8Array {
  const [from, to, port] = granted[next(granted.length)]!;
  const program = 40_000 + next(40);
  const flags = [2, 2, 2, 16, 24, 17, 4, 18][next(8)]!;
  const payload = new Uint8Array(next(40));
  if (next(8) === 0)
    return buildPacket({
      from: source4,
      to: '10.20.1.1',
      protocol: 17,
      sourcePort: program,
      destinationPort: 53,
      payload,
    });
  const family = from.includes(':') ? 6 : 4;
  // What a listener answers carries the port of the program, as though the far side had its listener's port.
  if (next(3) === 0)
    return buildPacket({
      ...{ from, to, protocol: 6, flags, payload },
      ...{ sourcePort: listenPorts[family][next(4)]!, destinationPort: program },
    });
  return buildPacket({ from, to, protocol: 6, sourcePort: program, destinationPort: port, flags, payload });
}

/** Hostile and lawful packets from a seed through the path that the device's packets take, with connections open in its table and a router that says things in between. */
export function fuzzPath(
  number: number,
  inputs: number,
): { found: Finding[]; opened: number; passed: number } {
  const next = seededNumbers(number);
  const found: Finding[] = [];
  let [opened, passed] = [0, 0];
  for (const framing of ['plain', 'vnet'] as const) {
    const tried = new TriedPath(framing, next);
    try {
      for (let input = 0; input < inputs / 2; input += 1) {
        const lawful = seed(next);
        const packet = next(3) === 0 ? hostileTo(lawful, next) : lawful;
        const bytes = Buffer.from(packet).toString('hex');
        let what: string | undefined;
        try {
          what = tried.try(packet);
        } catch (error) {
          what = `threw ${String(error)}`;
        }
        if (what !== undefined) found.push({ input, what: `${framing}: ${what}`, bytes });
      }
      opened += tried.opened;
      passed += tried.passed;
    } finally {
      tried.close();
    }
  }
  return { found, opened, passed };
}
