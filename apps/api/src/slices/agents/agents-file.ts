import { readFileSync } from 'node:fs';
import type { Effects } from '@sallyport/effects';
import { PublicKey, thumbprint } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { AgentStore } from './agent.prisma-store.ts';

const fileForm = z.array(
  z.strictObject({
    agentId: z.string().regex(/^[\w.:@/-]{1,128}$/),
    instanceId: z.string().regex(/^(?:i|mi)-[0-9a-f]{8,17}$/),
    accountId: z.string().regex(/^\d{12}$/),
    publicKey: PublicKey,
  }),
);

/**
 * Enrols the agents that infrastructure wrote into a file, and retires those that it wrote no more or with another key.
 * Refuses with CONFIGURATION_INVALID a file that does not have its form.
 */
export async function keepAgentsFile(
  path: string,
  agents: AgentStore,
  unitOfWork: UnitOfWork,
  { clock, log }: Effects,
): Promise<void> {
  const listed = readAgents(path);
  const enrolledAt = new Date(clock.now());
  for (const { agentId: id, instanceId, accountId, publicKey } of listed) {
    const known = await agents.everEnrolled(id);
    if (known && (known.publicKey !== publicKey.x || known.instanceId !== instanceId)) {
      // Whoever replaced a key means the old one to be believed no more, and an agent with another key is another agent.
      await agents.retire(id, clock.now());
      log.write(
        'error',
        'an agent of the file has another key or instance than before: it needs another id',
        {
          agentId: id,
        },
      );
      continue;
    }
    if (known && !known.retiredAt) continue;
    const agent = {
      ...{ id, instanceId, accountId, publicKey: publicKey.x, thumbprint: await thumbprint(publicKey) },
      ...{ enrolledBy: 'file' as const, enrolledAt },
    };
    await unitOfWork.commit({ writes: [agents.enrol(agent)], events: [] });
  }
  await agents.retireOthers(
    listed.map(({ agentId }) => agentId),
    clock.now(),
  );
}

function readAgents(path: string): z.output<typeof fileForm> {
  try {
    return fileForm.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Problem('CONFIGURATION_INVALID', {
      detail: 'The file of agents (SALLYPORT_AGENTS) cannot be read.',
      errors: [{ field: 'SALLYPORT_AGENTS', message: 'is no list of agents' }],
      cause,
    });
  }
}
