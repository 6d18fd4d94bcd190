/** What other slices may use: leases as stored, without their secrets. */
export { LeaseStore } from './lease.prisma-store.ts';
