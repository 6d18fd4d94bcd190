import type { OpenReach, ReachWish } from './system.ts';

/** The way into a network that the lease names: the companion agent, or the SSH server of the gateway. */
export async function openReach(wish: ReachWish): Promise<OpenReach> {
  return wish.lease.way === 'ssh' ? bySsh(wish) : byAgent(wish);
}

async function byAgent({
  tunnel,
  server,
  grantId,
  whileDown,
  effects,
  signal,
}: ReachWish): Promise<OpenReach> {
  const { AgentReach } = await import('@sallyport/connect/agent');
  const reach = await AgentReach.open(
    {
      ...{ tunnel, effects, whileDown },
      agentTokens: (publicKey, instanceId) => server.api.issueAgentToken(grantId, { publicKey, instanceId }),
    },
    signal,
  );
  return { reach, close: async () => reach.close() };
}

async function bySsh({ tunnel, whileDown, effects, debug, rules, signal }: ReachWish): Promise<OpenReach> {
  const { proxiesOfEnvironment, pushThrough, SshReach } = await import('@sallyport/connect');
  const pushKey = pushThrough(proxiesOfEnvironment, rules);
  const reach = await SshReach.open({ tunnel, whileDown, effects, debug, pushKey }, signal);
  return { reach, close: async () => reach.close() };
}
