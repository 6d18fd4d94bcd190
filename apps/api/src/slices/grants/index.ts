/** What other slices may use: grants, what ends them, and who is told. */
export { ChangeGrant, maySeeGrant } from './change-grant.handler.ts';
export { grantHint, grantOf, grantParts, GrantStore, sweepEntries } from './grant.prisma-store.ts';
export { SessionTerminator } from './session-terminator.ts';
