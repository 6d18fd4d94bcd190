/** What other slices may use: whether an account stands, and the work that a change of a group asks for. */
export { OsAccountStore } from './os-account.prisma-store.ts';
export { SyncAccounts } from './sync-accounts.ts';
