import { killAtRandom, seedOr } from '../../../e2e/harness/agent-kills.ts';
import { AgentWorld } from '../../../e2e/harness/agent-world.ts';
import { mayMakeNamespaces } from '../../../e2e/harness/namespaces.ts';
import { find } from '../../test/programs.ts';
import { count, type Proof } from '../proof.ts';

/** Needs root and network namespaces. */
export const agentKills: Proof = {
  name: 'agent-kills',
  shows:
    'an agent that is killed at any moment leaves nothing, loses no record of what had ended, and serves again',
  run: async (scale, report) => {
    if (!mayMakeNamespaces)
      return { amount: 'nothing', found: ['network namespaces are needed: run it as root'] };
    const rounds = scale === 'full' ? 100 : 6;
    const seed = seedOr(Math.floor(Math.random() * 1_000_000));
    const packets = find('nft') !== undefined && find('ip') !== undefined;
    await using world = await AgentWorld.make();
    const found = await killAtRandom(world, {
      ...{ rounds, seed, packets },
      progress: (text) => report.progress(text),
    });
    return { amount: `${count(rounds)} kills`, found, figures: `SEED=${String(seed)}` };
  },
};
