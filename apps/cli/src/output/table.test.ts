import { expect, it } from 'vitest';
import { paintFor } from './paint.ts';
import { renderTable, type Column } from './table.ts';
import { wrapped } from './text.ts';

interface Row {
  readonly name: string;
  readonly place: string;
  readonly account: string;
}
const rows: readonly Row[] = [
  { name: 'prod-rds', place: 'prod-db.internal:5432', account: 'workloads eu-west-1' },
  { name: 'web-1', place: 'web-1 (i-0123456789abcdef0) as web-ops over SSH', account: 'workloads eu-west-1' },
];
const columns = (spare: boolean): readonly Column<Row>[] => [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'REACHES', value: ({ place }) => place, give: true },
  { title: 'ACCOUNT', value: ({ account }) => account, give: true, spare },
];
const at = (width: number, spare = false, terminal = true) =>
  renderTable(rows, columns(spare), { terminal, width, paint: paintFor(false, {}) }).split('\n');

it('shows everything where there is room, and to programs', () => {
  expect(at(120, true)[2]).toBe(
    'web-1     web-1 (i-0123456789abcdef0) as web-ops over SSH  workloads eu-west-1',
  );
  expect(at(20, true, false)[0]).toBe('prod-rds\tprod-db.internal:5432\tworkloads eu-west-1');
});

it('leaves out what can be spared before it cuts', () => {
  expect(at(60, true)).toEqual([
    'NAME      REACHES',
    'prod-rds  prod-db.internal:5432',
    'web-1     web-1 (i-0123456789abcdef0) as web-ops over SSH',
    '',
  ]);
});

it('cuts the widest first, so that none is cut to nothing beside one that has room', () => {
  expect(at(50)).toEqual([
    'NAME      REACHES              ACCOUNT',
    'prod-rds  prod-db.internal:5…  workloads eu-west-1',
    'web-1     web-1 (i-012345678…  workloads eu-west-1',
    '',
  ]);
  expect(Math.max(...at(40).map(({ length }) => length))).toBe(40);
  // Below what titles need nothing gives any more.
  expect(at(10)[1]).toBe('prod-rds  prod-db…  workloa…');
});

it.each([
  [undefined, ['Everything that the shell shows is logged by the instance.']],
  [30, ['Everything that the shell', 'shows is logged by the', 'instance.']],
  [5, ['Everything', 'that', 'the', 'shell', 'shows', 'is', 'logged', 'by', 'the', 'instance.']],
])('breaks a sentence at its blanks for a width of %s', (width, lines) => {
  expect(wrapped('Everything that the shell shows is logged by the instance.', width)).toEqual(lines);
});
