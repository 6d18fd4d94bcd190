import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Laptop } from './tunnel.ts';

/** Ids of the processes of a laptop, of any program. */
export function processesOf(laptop: Laptop): string[] {
  return readdirSync('/proc').filter((pid) => partOf(pid, 'environ').includes(`HOME=${laptop.home}\0`));
}

/** Those that carry a connection of ssh. */
export function proxiesOf(laptop: Laptop): string[] {
  return processesOf(laptop).filter((pid) => partOf(pid, 'cmdline').includes('\0proxy\0'));
}

/** proc_pid_stat(5): the name in brackets, then state and parent. */
export function parentOf(pid: string): number {
  const stat = partOf(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** What it has read so far, bytes, standard input among it (proc_pid_io(5)). */
export function readBy(pid: string): number {
  return Number(/^rchar: (\d+)$/mu.exec(partOf(pid, 'io'))?.[1]);
}

/** Sockets of keys for ssh, and the links to them: `USER@HOST` and `USER@HOST.PID`. */
export function keySocketsOf(laptop: Laptop): string[] {
  return readdirSync(join(laptop.home, 'state/sallyport/ssh')).filter((name) => name.includes('@'));
}

function partOf(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return ''; // gone meanwhile, or no process at all
  }
}
