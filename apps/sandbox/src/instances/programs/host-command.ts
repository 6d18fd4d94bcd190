import { spawn } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance } from '../../world/world.ts';
import { canIsolate } from './isolation.ts';
import { accountFiles, usersOf } from './os-users.ts';

/** What a script on an instance came to. */
export interface CommandEnd {
  readonly code: number;
  readonly output: string;
  readonly errorOutput: string;
}

/** What programs that change accounts read below /etc, beside the accounts. */
const borrowed = [
  'login.defs',
  'nsswitch.conf',
  'ld.so.cache',
  'pam.d',
  'security',
  'skel',
  'default',
  'alternatives',
];

/** Accounts, homes, host name and processes of the instance, with root's rights, which Run Command has. */
const inside = `
mount --bind "$1" /etc && mount --bind "$2" /home && mount -t tmpfs -o mode=0755 tmpfs /run &&
mount -t tmpfs -o mode=0700 tmpfs /root && mount -t tmpfs -o mode=1777 tmpfs /tmp || exit 126
echo "$3" > /proc/sys/kernel/hostname
exec /bin/sh -c "$4"
`;
const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];

/** More than Systems Manager keeps of either stream. */
const outputBytesMax = 100_000;

/**
 * Runs a script on an instance as root, as the agent does for Run Command: the accounts it makes are those of the
 * instance. `signal` ends it with everything it started.
 */
export async function runOnHost(
  order: { readonly instance: Instance; readonly folder: string; readonly script: string },
  signal: AbortSignal,
): Promise<CommandEnd> {
  const { instance, folder, script } = order;
  if (!canIsolate())
    return { code: 1, output: '', errorOutput: 'Accounts of emulated instances need root on Linux.\n' };
  const [agent] = usersOf(instance);
  const { etc, home } = await accountFiles(folder, instance, agent!, true);
  await borrow(etc);
  const words = ['--pdeathsig', 'KILL', '--', 'unshare', ...namespaces, '--propagation', 'private', '--'];
  const parts = [etc, join(home, '..'), instance.name, script];
  const child = spawn('setpriv', [...words, '/bin/sh', '-c', inside, 'sh', ...parts], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    signal,
    killSignal: 'SIGKILL',
  });
  const read = { output: '', errorOutput: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (read.output = kept(read.output + text)));
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (read.errorOutput = kept(read.errorOutput + text)));
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', (status) => resolve(status ?? 137));
  });
  return { code, ...read };
}

const kept = (text: string) => text.slice(0, outputBytesMax);

/** Copies of this machine's files, once. */
async function borrow(etc: string): Promise<void> {
  for (const name of borrowed)
    await cp(join('/etc', name), join(etc, name), {
      recursive: true,
      force: false,
      verbatimSymlinks: true,
    }).catch(() => undefined); // this machine lacks it, so its programs do without
  await mkdir(join(etc, 'default'), { recursive: true });
}
