import { entryOf, Problem, type ProblemCode } from '@sallyport/problems';
import { impatient } from './impatient-reach.ts';
import type { OpenReach, ReachWish } from './system.ts';

/** The way into a network that the lease names: the companion agent, or the SSH server of the gateway. */
export async function openReach(wish: ReachWish): Promise<OpenReach> {
  const { lease, whileDown, tunnel } = wish;
  const open = await slowed(await (lease.way === 'ssh' ? bySsh(wish) : byAgent(wish)), wish);
  if (whileDown === 'wait') return open;
  const reach = impatient(open.reach, () => tunnel.state === 'reconnecting');
  return { ...open, reach, down: () => reach.down() };
}

/** Held to the speed that the catalogue gives, where it gives one. The agent holds us to it too; sshd does not. */
async function slowed(open: OpenReach, { lease, effects }: ReachWish): Promise<OpenReach> {
  const bitsPerSecond = lease.resource.network?.maxBps;
  if (bitsPerSecond === undefined) return open;
  const { paced } = await import('@sallyport/connect/agent');
  return { ...open, reach: paced(open.reach, bitsPerSecond, effects) };
}

async function byAgent({
  tunnel,
  server,
  grantId,
  whileDown,
  effects,
  signal,
}: ReachWish): Promise<OpenReach> {
  const [{ AgentReach }, { systemWake }] = await Promise.all([
    import('@sallyport/connect/agent'),
    import('@sallyport/connect'),
  ]);
  const lost = Promise.withResolvers<Problem>();
  const events = {
    ended: (error: Error) => {
      const problem = problemOf(error);
      // What ends with the grant is told by the tunnel, with who ended it and why.
      if (!tunnel.end && !problem.code.startsWith('GRANT_')) lost.resolve(problem);
    },
  };
  const reach = await AgentReach.open(
    {
      ...{ tunnel, effects, whileDown, events, onWake: systemWake(effects) },
      agentTokens: (publicKey, instanceId) => server.api.issueAgentToken(grantId, { publicKey, instanceId }),
    },
    signal,
  );
  return { reach, close: async () => reach.close(), lost: lost.promise };
}

/** A refusal of the control plane comes as its client's error. */
function problemOf(error: Error): Problem {
  if (error instanceof Problem) return error;
  const { code = '' } = error as { code?: string };
  return new Problem(entryOf(code) ? (code as ProblemCode) : 'AGENT_UNREACHABLE', {
    detail: error.message,
    cause: error,
  });
}

async function bySsh({
  tunnel,
  server,
  whileDown,
  effects,
  debug,
  rules,
  signal,
}: ReachWish): Promise<OpenReach> {
  const { proxiesOf, pushThrough, SshReach } = await import('@sallyport/connect');
  const pushKey = pushThrough(proxiesOf(server.env), rules);
  const reach = await SshReach.open({ tunnel, whileDown, effects, debug, pushKey }, signal);
  return { reach, close: async () => reach.close() };
}
