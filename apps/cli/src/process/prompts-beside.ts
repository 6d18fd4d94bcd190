import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import type { Prompts } from '../world.ts';
import { promptsAt } from './prompts.ts';

const device = '/dev/tty';

/** Questions at the terminal that this process was started from; undefined where there is none, or another program has it. */
export function promptsBeside(): Prompts | undefined {
  if (!isThere() || !isInForeground()) return undefined;
  return promptsAt(async (ask) => {
    // Open for the one question: what is typed later is for the program whose bytes we carry.
    const [input, output] = [new ReadStream(openSync(device, 'r')), new WriteStream(openSync(device, 'w'))];
    try {
      return await ask({ input, output });
    } finally {
      input.destroy();
      output.destroy();
    }
  });
}

function isThere(): boolean {
  try {
    closeSync(openSync(device, 'r+'));
    return true;
  } catch {
    return false; // started by no terminal
  }
}

/** Who reads a terminal from its background (`ssh web-1 &`) is stopped rather than answered. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // proc_pid_stat(5): the name in brackets, then state, ppid, pgrp, session, tty_nr, tpgid.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    // Not Linux: ps(1) marks the foreground with a plus.
    const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(process.pid)], { encoding: 'utf8' });
    return (stdout ?? '').includes('+');
  }
}
