import { chown, lstat, mkdir } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';

/**
 * PostgreSQL refuses to run as root. Started by root (a container, a virtual machine), the server runs as `nobody`
 * with the one capability it needs to enter folders that only root may enter; else it runs as the caller.
 */
export interface ServerIdentity {
  /** User and group the server's files must belong to; undefined means the caller's own. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Puts the launching prefix before a command. */
  wrap(command: string, args: readonly string[]): { command: string; args: string[] };
}

const nobody = { uid: 65534, gid: 65534 };
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
/** Numbers of capabilities, from capabilities(7). */
const dacReadSearch = 2;
const setpcap = 8;

/** How the server is started on this machine. With `setpriv` it also ends when its parent dies. */
export function serverIdentity(): ServerIdentity {
  const root = process.getuid?.() === 0;
  const owner = root ? nobody : undefined;
  if (setpriv === undefined)
    return { ...(owner && { owner }), wrap: (command, args) => ({ command, args: [...args] }) };
  // SIGINT is PostgreSQL's fast shutdown.
  const prefix = ['--pdeathsig', 'INT', ...(owner ? asOwner(owner, ownCapabilities()) : [])];
  return {
    ...(owner && { owner }),
    wrap: (command, args) => ({ command: setpriv, args: [...prefix, command, ...args] }),
  };
}

/** A container may lack a capability, and then the programs and the cluster must lie where everybody may enter. */
function asOwner(owner: { uid: number; gid: number }, own: bigint): string[] {
  const has = (capability: number) => (own & (1n << BigInt(capability))) !== 0n;
  const kept = has(dacReadSearch) ? ',+dac_read_search' : '';
  return [
    ...[`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', '--no-new-privs'],
    ...[`--inh-caps=-all${kept}`, `--ambient-caps=-all${kept}`],
    // PostgreSQL asks access(2) whether its programs can be run, which leaves the capability out of account for a user
    // other than root unless this is set: a clone within `mktemp -d` would not start. What is left after the program is
    // executed is the one capability all the same.
    ...(kept !== '' && has(setpcap) ? ['--securebits=+no_setuid_fixup'] : []),
  ];
}

function ownCapabilities(): bigint {
  const said = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return said === undefined ? 0n : BigInt(`0x${said}`);
}

/** Makes a private folder that belongs to the server. */
export async function privateFolder(path: string, identity: ServerIdentity): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid } = await lstat(path);
  if (identity.owner && uid !== identity.owner.uid) await chown(path, identity.owner.uid, identity.owner.gid);
}
