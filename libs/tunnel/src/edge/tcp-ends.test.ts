import { simulatedEffects } from '@sallyport/effects/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRules } from '../filter/rule.ts';
import { PacketView, tcpFlags } from '../packet/packet-view.ts';
import { closePair, openPair, type DevicePair } from '../testing/device-pair.ts';
import { outsideGrant } from '../testing/outside-packets.ts';
import { buildPacket } from '../testing/packets.ts';
import { TcpEnds, type EndCalls } from './tcp-ends.ts';
import { read } from './tun-worker-calls.ts';
import { PacketPath } from './tun-worker-path.ts';
import { sharedMemory, type FromTunWorker } from './tun-worker-messages.ts';

const { fin, syn, rst, ack } = tcpFlags;
const program = {
  ...{ from: '100.64.0.1', to: '10.20.1.1', sourcePort: 40_000, destinationPort: 443, protocol: 6 },
} as const;
const programFirst = 1_000;

let device: DevicePair;
let effects: ReturnType<typeof simulatedEffects>;
let ends: TcpEnds;
let path: PacketPath;
let told: FromTunWorker[];

beforeEach(() => {
  device = openPair();
  effects = simulatedEffects();
  const facts = { fd: device.writing, name: 'sally0', framing: 'plain', addresses: [] } as const;
  ends = new TcpEnds(facts, effects, () => undefined);
  told = [];
  path = new PacketPath({
    ...{ fd: device.writing, framing: 'plain', listenPorts: { 4: [], 6: [] }, flowsMax: 8, heldMax: 8, ends },
    shared: sharedMemory(),
    filter: filterOf(outsideGrant.routes),
    port: { postMessage: (message) => void told.push(message) },
  });
});
afterEach(() => {
  ends.close();
  closePair(device);
});

const filterOf = (routes: readonly (typeof outsideGrant.routes)[number][]) => ({
  ...outsideGrant,
  rules: readRules(0, routes),
  carries: [new Set(['tcp'] as const)],
});

/** What the program's kernel is sent now. */
function sent() {
  const found: { flags: number; sequence: number; acknowledged: number; payload: string }[] = [];
  const bytes = new Uint8Array(65_600);
  for (;;) {
    const length = Number(read(device.reading, bytes, bytes.length));
    if (length <= 0) return found;
    const view = new PacketView();
    expect(view.read(bytes, 0, length)).toBe('');
    const { flags, transport } = view;
    const header = (bytes[transport + 12]! >>> 4) * 4;
    found.push({
      ...{
        flags,
        sequence: view.word32(transport + 4) >>> 0,
        acknowledged: view.word32(transport + 8) >>> 0,
      },
      payload: Buffer.from(bytes.subarray(transport + header, length)).toString(),
    });
  }
}

/** A segment of the program takes its way; what is answered. */
function takes(flags: number, sequence: number, acknowledged = 0, more: { window?: number } = {}) {
  const packet = buildPacket({ ...program, flags, sequence, acknowledged, ...more });
  path.buffer.set(packet);
  path.take(packet.length);
  path.flush();
  ends.settle();
  return sent();
}

/** The latest SYN was let through; what its kernel is told first, and the end. */
function opens(calls: Partial<EndCalls> = {}) {
  const packets = told.flatMap((message) => (message.kind === 'packets' ? [message] : []));
  const { heads, bytes } = packets.at(-1)!;
  const [, , slot = -1, generation = -1] = heads;
  const view = new PacketView();
  expect(view.read(bytes, 0, bytes.length)).toBe('');
  const quiet = () => undefined;
  const endpoint = ends.begin(slot, view, {
    ...{ data: quiet, end: quiet, drain: quiet, over: quiet, release: quiet },
    ...calls,
  });
  path.obey(['admitted', slot, generation]);
  const [{ sequence: first } = { sequence: -1 }] = sent();
  return { endpoint, first, slot, generation };
}

/** A connection that stands. */
function open(calls: Partial<EndCalls> = {}) {
  takes(syn, programFirst);
  const opened = opens(calls);
  takes(ack, programFirst + 1, opened.first + 1);
  return opened;
}

describe('a program that uses its port again', () => {
  it('is let dial as soon as its connection is over for it, though the stream behind that is still ending', () => {
    const { endpoint, first } = open();
    endpoint.finish();
    expect(takes(ack | fin, programFirst + 1, first + 2)).toHaveLength(2);
    expect(takes(syn, programFirst + 900)).toEqual([]);
    const again = opens();
    expect(again.first).not.toBe(first);
    expect(takes(ack, programFirst + 901, again.first + 1)).toEqual([]);
    expect(takes(ack | fin, programFirst + 901, again.first + 1)).toMatchObject([{ flags: ack }]);
  });
});

describe('a reset that stands elsewhere', () => {
  it('leaves the connection where a changed grant finds it', () => {
    const { first, slot, generation } = open();
    expect(takes(rst, programFirst + 77)).toMatchObject([{ flags: ack, sequence: first + 1 }]);
    path.obey(['filter', filterOf([])]);
    expect(told.at(-1)).toEqual({ kind: 'removed', slots: [[slot, generation]] });
  });
});

describe('something said to a program whose window is closed', () => {
  it('has the window looked at, though nothing was sent that would be', () => {
    const { endpoint, first } = open();
    takes(ack, programFirst + 1, first + 1, { window: 0 });
    // Whatever was looked at before is done.
    effects.time.advance(10_000);
    expect(sent()).toEqual([]);
    endpoint.write(Buffer.from('abc'));
    effects.time.advance(400);
    expect(sent()).toMatchObject([{ sequence: first + 1, payload: 'a' }]);
  });
});
