/** What other slices may use: which agents are enrolled. */
export { AgentStore, type KnownAgent } from './agent.prisma-store.ts';
export { keepAgentsFile } from './agents-file.ts';
export { EndedGrants } from './ended-grants.ts';
