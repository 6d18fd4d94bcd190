import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketView, tcpFlags } from '../packet/packet-view.ts';
import { buildPacket } from '../testing/packets.ts';
import { DatagramFlows } from './datagram-flows.ts';
import { flowState, TcpFlows } from './tcp-flows.ts';

/** An app's SYN to one of a few addresses and ports. */
function syn(to: string, sourcePort: number, destinationPort: number): PacketView {
  const from = to.includes(':') ? 'fd7a::1' : '100.64.0.1';
  const packet = buildPacket({ from, to, protocol: 6, sourcePort, destinationPort, flags: tcpFlags.syn });
  const view = new PacketView();
  expect(view.read(packet, 0, packet.length)).toBe('');
  return view;
}

/** What a listener sends to the same app: from the listener's port to the app's, towards the address that the app dialled. */
const back = (to: string, sourcePort: number) => syn(to, 60_000, sourcePort);

describe('connections by address swap', () => {
  it('are found by what the app sends and by what the listener sends', () => {
    const flows = new TcpFlows(16, 2);
    const slot = flows.hold(syn('10.0.0.1', 1000, 80), 3, 0);
    expect(flows.find(syn('10.0.0.1', 1000, 80))).toBe(slot);
    expect(flows.findBack(back('10.0.0.1', 1000), flows.listener(slot))).toBe(slot);
    expect([flows.port(slot), flows.network(slot), flows.held, flows.open]).toEqual([80, 3, 1, 0]);
    flows.admit(slot);
    expect([flows.held, flows.open]).toEqual([0, 1]);
    expect(flows.find(syn('10.0.0.1', 1000, 81))).toBe(-1);
    expect(flows.find(syn('10.0.0.2', 1000, 80))).toBe(-1);
  });

  it('from one source port to two ports of an address come to different listeners, as far as there are any', () => {
    const flows = new TcpFlows(16, 2);
    const [one, two] = [
      flows.hold(syn('10.0.0.1', 1000, 80), 0, 0),
      flows.hold(syn('10.0.0.1', 1000, 81), 0, 0),
    ];
    expect(new Set([flows.listener(one), flows.listener(two)]).size).toBe(2);
    expect(flows.hold(syn('10.0.0.1', 1000, 82), 0, 0)).toBe(-1);
    expect(flows.hold(syn('10.0.0.2', 1000, 82), 0, 0)).toBeGreaterThanOrEqual(0);
  });

  it('are never more than there is room for; what is over makes room once it is idle', () => {
    const flows = new TcpFlows(4, 1);
    const slots = [1, 2, 3, 4].map((port) => flows.hold(syn('10.0.0.1', port, 80), 0, 0));
    for (const slot of slots) flows.admit(slot);
    expect(flows.hold(syn('10.0.0.1', 5, 80), 0, 10)).toBe(-1);
    flows.note(slots[2]!, tcpFlags.fin, true, 11);
    flows.note(slots[2]!, tcpFlags.fin, false, 11);
    expect(flows.state(slots[2]!)).toBe(flowState.over);
    expect(flows.hold(syn('10.0.0.1', 5, 80), 0, 12)).toBe(-1);
    const generation = flows.generation(slots[2]!);
    expect(flows.hold(syn('10.0.0.1', 5, 80), 0, 14)).toBe(slots[2]);
    expect(flows.generation(slots[2]!)).toBe(generation + 1);
    expect(flows.find(syn('10.0.0.1', 3, 80))).toBe(-1);
  });

  it('are over after a reset, and after a FIN of each side', () => {
    const flows = new TcpFlows(4, 1);
    const [one, two] = [flows.hold(syn('fd20::1', 1, 80), 0, 0), flows.hold(syn('fd20::1', 2, 80), 0, 0)];
    for (const slot of [one, two]) flows.admit(slot);
    flows.note(one, tcpFlags.rst, false, 1);
    flows.note(two, tcpFlags.fin, false, 1);
    expect([flows.state(one), flows.state(two)]).toEqual([flowState.over, flowState.open]);
    flows.note(two, tcpFlags.fin | tcpFlags.ack, true, 1);
    expect(flows.state(two)).toBe(flowState.over);
  });

  it('behave as a list that is searched from its beginning, in any order of events', () => {
    const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd20::1', 'fd20::2');
    const port = fc.integer({ min: 1, max: 5 });
    const event = fc.record({
      what: fc.constantFrom('hold', 'remove', 'admit', 'find'),
      to: address,
      from: port,
      port,
    });
    interface Known {
      to: string;
      from: number;
      port: number;
      slot: number;
      listener: number;
    }
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const flows = new TcpFlows(12, 3);
        let list: Known[] = [];
        for (const { what, to, from, port } of events) {
          const packet = syn(to, from, port);
          const known = list.find((one) => one.to === to && one.from === from && one.port === port);
          expect(flows.find(packet)).toBe(known?.slot ?? -1);
          for (const one of list.filter((other) => other.to === to && other.from === from))
            expect(flows.findBack(back(to, from), one.listener)).toBe(one.slot);
          if (what === 'hold' && known === undefined) {
            const slot = flows.hold(packet, 0, 0);
            const taken = list.filter((one) => one.to === to && one.from === from).length;
            expect(slot >= 0).toBe(list.length < 12 && taken < 3);
            if (slot >= 0) list.push({ to, from, port, slot, listener: flows.listener(slot) });
          } else if (what === 'remove' && known !== undefined) {
            flows.remove(known.slot);
            list = list.filter((one) => one !== known);
          } else if (what === 'admit' && known !== undefined) flows.admit(known.slot);
          expect(flows.held + flows.open).toBe(list.length);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('flows of datagrams', () => {
  const recorded = () => {
    const closed: string[] = [];
    return { closed, flow: (name: string) => ({ name, close: () => closed.push(name) }) };
  };

  it('are closed when they were idle too long, and kept by use', () => {
    const { closed, flow } = recorded();
    const flows = new DatagramFlows(10, 60);
    flows.add('a', flow('a'), 0);
    flows.add('b', flow('b'), 10);
    flows.use('a', 30);
    flows.sweep(70);
    expect(closed).toEqual(['b']);
    flows.sweep(90);
    expect(closed).toEqual(['b', 'a']);
    expect(flows.size).toBe(0);
  });

  it('are never more than the bound: the one longest unused gives way', () => {
    const { closed, flow } = recorded();
    const flows = new DatagramFlows<ReturnType<typeof flow>>(3, 60);
    for (const name of ['a', 'b', 'c']) flows.add(name, flow(name), 0);
    flows.use('a', 1);
    flows.add('d', flow('d'), 2);
    expect(closed).toEqual(['b']);
    expect([flows.size, flows.evicted]).toEqual([3, 1]);
    flows.clear(({ name }) => name !== 'd');
    expect(closed).toEqual(['b', 'c', 'a']);
  });
});
