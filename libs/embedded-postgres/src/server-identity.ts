import { chown, lstat, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';

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

/** How the server is started on this machine. With `setpriv` it also ends when its parent dies. */
export function serverIdentity(): ServerIdentity {
  const root = process.getuid?.() === 0;
  const owner = root ? nobody : undefined;
  if (setpriv === undefined)
    return { ...(owner && { owner }), wrap: (command, args) => ({ command, args: [...args] }) };
  // SIGINT is PostgreSQL's fast shutdown.
  const prefix = ['--pdeathsig', 'INT'];
  if (owner)
    prefix.push(
      ...[`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', '--no-new-privs'],
      ...['--inh-caps=-all,+dac_read_search', '--ambient-caps=-all,+dac_read_search'],
    );
  return {
    ...(owner && { owner }),
    wrap: (command, args) => ({ command: setpriv, args: [...prefix, command, ...args] }),
  };
}

/** Makes a private folder that belongs to the server. */
export async function privateFolder(path: string, identity: ServerIdentity): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid } = await lstat(path);
  if (identity.owner && uid !== identity.owner.uid) await chown(path, identity.owner.uid, identity.owner.gid);
}
