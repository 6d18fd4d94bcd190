import { spawnSync } from 'node:child_process';
import type { AccountFiles, OsUser } from './os-users.ts';

/** What a program of an instance is started with. */
export interface ProgramPlace {
  readonly user: OsUser;
  readonly files: AccountFiles;
  readonly hostname: string;
  /** Path of its terminal; undefined without one. */
  readonly terminal: string | undefined;
  readonly command: readonly string[];
}

/** A command of this machine that runs a program in its place. */
export interface Started {
  readonly command: readonly string[];
  readonly home: string;
  readonly cwd: string | undefined;
}

/**
 * Where root can make namespaces, a program gets accounts, home, host name, processes and /tmp of its own, the id of its account and no way
 * to more rights; it ends with its first process, and with this one. PID 1 is a shell that waits, since the system keeps many signals from it.
 */
const inside = `
mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group &&
mount -t tmpfs -o mode=0755 tmpfs /home && mkdir "/home/$4" && mount --bind "$3" "/home/$4" &&
mount -t tmpfs -o mode=1777 tmpfs /tmp || exit 126
echo "$5" > /proc/sys/kernel/hostname
cd "/home/$4" || exit 126
uid=$6 terminal=$7; shift 7
as="setpriv --reuid $uid --regid $uid --clear-groups --inh-caps=-all --no-new-privs --"
if [ "$terminal" = - ]; then $as "$@"
else setsid --wait sh -c 'exec <>"$0" >&0 2>&1; exec "$@"' "$terminal" $as "$@"
fi
exit $?
`;

const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
const withUs = ['setpriv', '--pdeathsig', 'KILL', '--'];

let possible: boolean | undefined;

/** Whether programs can be given ids and namespaces of their own on this machine. */
export function canIsolate(): boolean {
  possible ??=
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    spawnSync('unshare', [...namespaces, '--propagation', 'private', '--', 'true'], { stdio: 'ignore' })
      .status === 0;
  return possible;
}

/** The command that runs a program isolated. */
export function isolated({ user, files, hostname, terminal, command }: ProgramPlace): Started {
  const { passwd, group, home } = files;
  const parts = [passwd, group, home, user.name, hostname, String(user.uid), terminal ?? '-'];
  return {
    command: [
      ...withUs,
      ...['unshare', ...namespaces, '--propagation', 'private', '--'],
      ...['/bin/sh', '-c', inside, 'sh', ...parts, ...command],
    ],
    home: `/home/${user.name}`,
    cwd: undefined,
  };
}

/** The command that runs a program as whoever runs the sandbox: its account is a name in the environment, no more. */
export function plain({ files, terminal, command }: ProgramPlace): Started {
  const open = ['/bin/sh', '-c', 'exec <>"$0" >&0 2>&1; exec "$@"'];
  return {
    command: [
      ...(process.platform === 'linux' ? withUs : []),
      ...(terminal === undefined ? command : [...open, terminal, ...command]),
    ],
    home: files.home,
    cwd: files.home,
  };
}
