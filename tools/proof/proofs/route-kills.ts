import { killRounds } from '../../../e2e/harness/helper-kills.ts';
import { count, type Proof } from '../proof.ts';

/** The long form of `e2e/helper-kills.e2e.ts`; needs root, namespaces and TUN devices. */
export const routeKills: Proof = {
  name: 'route-kills',
  shows:
    'kill -9 of client and helper leaves no device, route, rule, table, name or process, and the next tunnel works',
  async run(scale, report) {
    const rounds = scale === 'full' ? 100 : 3;
    const found = await killRounds({ rounds, seed: 7, progress: (text) => report.progress(text) });
    return { amount: `${count(rounds)} kills`, found };
  },
};
