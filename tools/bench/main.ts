/**
 * `npm run bench -- NAME [--json]`: runs one benchmark and prints its figures, each beside a baseline measured in the same run.
 * A benchmark is a module of this folder that exports a `Bench`; list it here. Exit 0 when it ran, whatever it found; 2 for an
 * unknown name.
 */
import type { Bench, Figure } from './figure.ts';

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  session: async () => (await import('./session.ts')).session,
  wire: async () => (await import('./wire.ts')).wire,
  stripe: async () => (await import('./route-stripe.ts')).stripe,
  cli: async () => (await import('./cli.ts')).cliStart,
  'under-bulk': async () => (await import('./route.ts')).underBulkAlone,
  route: async () => (await import('./route.ts')).route,
};

function printTable(title: string, figures: readonly Figure[]): void {
  console.log(title);
  for (const { name, value, unit, baseline, ratio, target, met } of figures) {
    const numbers = `${value.toFixed(1)} ${unit}, baseline ${baseline.toFixed(1)} ${unit}, ratio ${ratio.toFixed(2)}`;
    console.log(`  ${name.padEnd(28)} ${numbers} (target ${target}: ${met ? 'met' : 'not met'})`);
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const [name = '', ...flags] = process.argv.slice(2);
const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (load === undefined) {
  console.error(`usage: npm run bench -- NAME [--json]; NAME is one of ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  const bench = await load();
  const figures = await bench.run();
  if (flags.includes('--json')) console.log(JSON.stringify({ figures }));
  else printTable(bench.title, figures);
}
