/**
 * A private, real PostgreSQL cluster on a Unix socket: the binaries come from npm, the process belongs to the caller.
 * Used by the launcher (the control plane's database), the sandbox (the databases people connect to) and tests.
 */
export { startPostgres, type PostgresCluster, type PostgresOptions } from './cluster.ts';
export { embeddedBinaries, debianBinaries, type Binaries } from './binaries.ts';
