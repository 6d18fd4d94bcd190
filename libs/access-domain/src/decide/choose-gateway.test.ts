import { expect, it } from 'vitest';
import { chooseGateway } from './choose-gateway.ts';

type Seen = { readonly instanceId: string };
const gateway = (letter: string): Seen => ({ instanceId: `i-0${letter.repeat(16)}` });
const [a, b, c] = [gateway('a'), gateway('b'), gateway('c')];

it.each<[string, Seen[], Seen[], Seen | undefined]>([
  ['the first when nothing is avoided', [a, b, c], [], a],
  ['the next when the first was found dead', [a, b, c], [a], b],
  ['one that is left, whatever the order', [a, b, c], [c, a], b],
  ['the one found dead longest ago when all were', [a, b, c], [b, c, a], b],
  ['by the last time it was found dead', [a, b], [a, b, a], b],
  ['the only one all the same', [a], [a], a],
  ['the first when others were avoided that are gone', [a, b], [c], a],
  ['none when there is none', [], [a], undefined],
])('takes %s', (_, usable, avoid, chosen) => {
  const ids = avoid.map(({ instanceId }) => instanceId);
  expect(chooseGateway(usable, ids)).toBe(chosen);
});
