/**
 * `npm run proof [-- NAME ...] [--quick]`: the long forms of what `npm test` samples, one after the other, and a table of what was run
 * and found. Exit 0 when no proof found anything, 1 when one did, 2 for an unknown name.
 */
import { proofs } from './registry.ts';
import { runProofs } from './run-proofs.ts';

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('--'));
const unknown = [
  ...names.filter((name) => !Object.hasOwn(proofs, name)),
  ...args.filter((arg) => arg.startsWith('--') && arg !== '--quick'),
];

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

if (unknown.length > 0) {
  const known = Object.keys(proofs).join(', ');
  console.error(
    `unknown: ${unknown.join(' ')}\nusage: npm run proof [-- NAME ...] [--quick]; NAME is one of ${known}`,
  );
  process.exitCode = 2;
} else {
  const chosen = names.length > 0 ? names : Object.keys(proofs);
  const terminal = process.stderr.isTTY;
  let shownAt = 0;
  const failed = await runProofs(await Promise.all(chosen.map((name) => proofs[name]!())), {
    scale: args.includes('--quick') ? 'quick' : 'full',
    line: (text) => {
      if (terminal) process.stderr.write('\r\x1b[K');
      console.log(text);
    },
    progress: (text) => {
      // A terminal shows the latest, a log a line now and then.
      if (terminal) process.stderr.write(`\r\x1b[K  ${text}`);
      else if (performance.now() - shownAt > 30_000) {
        shownAt = performance.now();
        console.error(`  ${text}`);
      }
    },
    now: () => performance.now(),
  });
  process.exitCode = failed === 0 ? 0 : 1;
}
