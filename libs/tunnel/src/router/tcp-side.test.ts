import { simulatedEffects } from '@sallyport/effects/simulated';
import { expect, it } from 'vitest';
import { PacketView, tcpFlags } from '../packet/packet-view.ts';
import { buildPacket } from '../testing/packets.ts';
import { TcpSide } from './tcp-side.ts';

it('tells programs that still wait for an answer that none will come, when it is closed', async () => {
  const refused: unknown[] = [];
  let abandoned = 0;
  const side = await TcpSide.start({
    ...{ addresses: [], effects: simulatedEffects(), debug: () => undefined },
    open: () => new Promise(() => undefined),
    openNow: () => ({ abandon: () => void (abandoned += 1) }),
    admit: () => undefined,
    refuse: (...told) => void refused.push(told),
    release: () => undefined,
  });
  const bytes = buildPacket({ from: '100.64.0.1', to: '10.20.1.1', protocol: 6, flags: tcpFlags.syn });
  const view = new PacketView();
  view.read(bytes, 0, bytes.length);
  side.take({ ...{ slot: 5, generation: 3, network: 0, listenPort: 0 }, bytes, view });
  side.close();
  expect(refused).toEqual([[5, 3, { unreachable: 'network' }]]);
  expect(abandoned).toBe(1);
});
