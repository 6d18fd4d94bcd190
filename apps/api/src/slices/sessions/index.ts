/** What other slices may use: sessions as stored. */
export { SessionStore, sessionHint } from './session.prisma-store.ts';
