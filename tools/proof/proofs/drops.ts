import { join } from 'node:path';
import {
  dropKinds,
  planOf,
  recoveryText,
  runDrops,
  type DropKind,
  type DropOutcome,
} from '../../../e2e/harness/drops.ts';
import { KeptTunnel } from '../../../e2e/harness/kept-tunnel.ts';
import { Product } from '../../../e2e/harness/product.ts';
import { build } from '../../start/build.ts';
import { repository } from '../../start/installation.ts';
import { count, type Proof } from '../proof.ts';

const world = join(repository, 'apps/sandbox/test/world');
/** A grant's time, and a person's leases a minute, are used up after a while: each tunnel takes this many drops. */
const perTunnel = 50;
const patienceMs = 120_000;

/** A tunnel; on a quick machine the drops before have used up the person's leases of this minute. */
async function opened(product: Product): Promise<KeptTunnel> {
  try {
    return await KeptTunnel.open(product, 'test-echo', { seconds: 3_600 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'LEASE_LIMITED') throw error;
    await new Promise((resolve) => setTimeout(resolve, 61_000));
    return KeptTunnel.open(product, 'test-echo', { seconds: 3_600 });
  }
}

/** `SEED=N npm run proof -- drops` sees one run again. */
export const drops: Proof = {
  name: 'drops',
  shows:
    'a tunnel comes back from every forced drop (each alone, black holes told by the machine), and what can live through it does, byte for byte',
  run: async (scale, report) => {
    await build(repository);
    const wanted = scale === 'full' ? 1_000 : 40;
    const first = Number(process.env['SEED'] ?? 1);
    const product = await Product.start({
      sandboxArgs: ['--world', join(world, 'transfer.yaml')],
      apiEnvironment: { SALLYPORT_CATALOG: join(world, 'transfer-catalog.yaml') },
    });
    const outcomes: DropOutcome[] = [];
    const found: string[] = [];
    try {
      for (let done = 0; done < wanted && found.length < 10; done += perTunnel) {
        const seed = first + done / perTunnel;
        const kept = await opened(product);
        const plan = planOf(seed, Math.min(perTunnel, wanted - done));
        try {
          const ran = await runDrops(product, kept, { plan, seed, patienceMs }, (text) =>
            report.progress(`${text} of tunnel ${done / perTunnel + 1}, ${outcomes.length} before`),
          );
          outcomes.push(...ran.outcomes);
          found.push(...ran.found);
        } finally {
          await kept.close();
        }
      }
    } finally {
      await product.remove();
    }
    const kinds = (Object.keys(dropKinds) as DropKind[]).map(
      (kind) => `${kind}: ${recoveryText(outcomes, kind)}`,
    );
    return {
      amount: `${count(outcomes.length)} of ${count(wanted)} drops recovered`,
      found,
      figures: [recoveryText(outcomes), ...kinds].join('; '),
    };
  },
};
