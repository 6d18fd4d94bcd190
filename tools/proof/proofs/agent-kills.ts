import { killAtRandom } from '../../../e2e/harness/agent-kills.ts';
import { AgentWorld } from '../../../e2e/harness/agent-world.ts';
import { mayMakeNamespaces } from '../../../e2e/harness/namespaces.ts';
import { count, type Proof } from '../proof.ts';

/** Needs root and network namespaces. */
export const agentKills: Proof = {
  name: 'agent-kills',
  shows:
    'an agent that is killed at any moment leaves nothing, loses no record of what had ended, and serves again',
  run: async (scale, report) => {
    if (!mayMakeNamespaces)
      return { amount: 'nothing', found: ['network namespaces are needed: run it as root'] };
    const rounds = scale === 'full' ? 100 : 5;
    report.progress(`${String(rounds)} kills`);
    await using world = await AgentWorld.make();
    return { amount: `${count(rounds)} kills`, found: await killAtRandom(world, rounds) };
  },
};
