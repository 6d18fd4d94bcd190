import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/**
 * What tells a running process from a later one with the same number: the time it started, as the system writes it. Undefined when there is no such
 * process.
 */
export async function startOfProcess(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return startByPs(pid);
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  // The name in parentheses may hold spaces; the start time is the 22nd field, the 20th after the name.
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  // A zombie runs no more, its parent has only not looked yet.
  return state === undefined || state === 'Z' ? undefined : fields[18];
}

function startByPs(pid: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'lstart=', '-p', String(pid)], (error, out) =>
      resolve(error ? undefined : out.trim() || undefined),
    );
  });
}
