/** What other slices may use: which agents are enrolled. */
export { AgentStore, type KnownAgent } from './agent.prisma-store.ts';
export { EndedGrants } from './ended-grants.ts';
