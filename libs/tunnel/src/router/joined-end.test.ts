import { closeSync, openSync } from 'node:fs';
import { Duplex } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { giveBack, isLent, wipeWhatIsGivenBack } from '@sallyport/effects/memory';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TcpEnds } from '../edge/tcp-ends.ts';
import { PacketView, tcpFlags } from '../packet/packet-view.ts';
import { buildPacket } from '../testing/packets.ts';
import { joinedEnd } from './joined-end.ts';

const program = {
  ...{ from: '100.64.0.1', to: '10.20.1.1', sourcePort: 40_000, destinationPort: 443, protocol: 6 },
} as const;
/** A stream of the link that keeps what it is lent, as one does until that has arrived. */
class KeepingStream extends Duplex {
  readonly kept: Uint8Array[] = [];
  heard: ((piece: Uint8Array) => void) | undefined;
  say(piece: Uint8Array): boolean {
    this.kept.push(piece);
    return true;
  }
  override _read(): void {}
}
let fd: number;
let ends: TcpEnds;
let stream: KeepingStream;
let sequence: number;

beforeEach(() => {
  wipeWhatIsGivenBack(true);
  fd = openSync('/dev/null', 'r+');
  const effects = {
    ...simulatedEffects(),
    random: { bytes: (count: number) => new Uint8Array(count) } as Effects['random'],
  };
  ends = new TcpEnds({ fd, name: 'sally0', framing: 'plain', addresses: [] }, effects, () => undefined);
  stream = new KeepingStream();
  sequence = 1_000;
  const syn = viewOf(segment(tcpFlags.syn, new Uint8Array()));
  sequence += 1;
  joinedEnd(stream, { ends, slot: 7, syn }, () => undefined);
});
afterEach(() => {
  ends.close();
  closeSync(fd);
  wipeWhatIsGivenBack(false);
});

/** Our own first sequence number is 0 here. */
function segment(flags: number, payload: Uint8Array): Uint8Array {
  return buildPacket({ ...program, flags, sequence, acknowledged: 1, payload });
}

function viewOf(bytes: Uint8Array, length = bytes.length): PacketView {
  const view = new PacketView();
  expect(view.read(bytes, 0, length)).toBe('');
  return view;
}

/** The next payload of the program, in the memory given. */
function arrives(memory: Uint8Array, payload: Uint8Array): void {
  const bytes = segment(tcpFlags.ack, payload);
  memory.set(bytes);
  expect(ends.take(7, viewOf(memory, bytes.length))).toBe(true);
  sequence += payload.length;
}

const payload = (byte: number) => new Uint8Array(20_000).fill(byte);

it('lends a payload where it lies, and nothing is read over it before it is given back', () => {
  arrives(ends.room(), payload(1));
  arrives(ends.room(), payload(2));
  ends.room().fill(9);
  const [one, two] = stream.kept;
  expect([isLent(one!), isLent(two!)]).toEqual([true, true]);
  expect([one, two]).toEqual([payload(1), payload(2)]);
  giveBack(one!);
  giveBack(two!);
});

it('lends a copy of what lies in memory that is read into at any time', () => {
  const first = new Uint8Array(65_600);
  arrives(first, payload(3));
  first.fill(9);
  ends.room().fill(9);
  expect(stream.kept).toEqual([payload(3)]);
  expect(isLent(stream.kept[0]!)).toBe(true);
});

it('copies a word, which would keep the memory of a whole packet', () => {
  arrives(ends.room(), new Uint8Array([104, 105]));
  expect(stream.kept).toEqual([new Uint8Array([104, 105])]);
  expect(isLent(stream.kept[0]!)).toBe(false);
});

it('resets a program that says something to nobody, and swallows nothing in silence', () => {
  stream.push(null);
  stream.destroy();
  const memory = ends.room();
  arrives(memory, payload(4));
  expect(stream.kept).toEqual([]);
  expect(ends.has(7)).toBe(false);
});
