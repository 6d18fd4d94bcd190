import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Problem } from '@sallyport/problems';

/** Where each program may be: absolute, in folders of the system. Nothing is ever looked for by PATH. */
const places = {
  ip: ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'],
  nft: ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft'],
  resolvectl: ['/usr/bin/resolvectl', '/bin/resolvectl'],
  ifconfig: ['/sbin/ifconfig'],
  route: ['/sbin/route'],
  lsof: ['/usr/sbin/lsof'],
  netstat: ['/usr/sbin/netstat'],
  pfctl: ['/sbin/pfctl'],
  dscacheutil: ['/usr/bin/dscacheutil'],
} as const;

export type ProgramName = keyof typeof places;

/** What a program said. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs system programs: fixed arguments, no shell, an environment of ours alone. */
export interface Programs {
  /** The program's path, or null where this machine has none. */
  find(name: ProgramName): string | null;
  /** @throws Problem HELPER_PROGRAM_MISSING, HELPER_SYSTEM_REFUSED with what the program complained of. */
  run(name: ProgramName, args: readonly string[], input?: string): Promise<Ran>;
}

const timeoutMs = 20_000;
/** The C locale keeps output in the form that is read here. */
export const programEnvironment = { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

export const systemPrograms: Programs = {
  find: (name) => places[name].find((path) => existsSync(path)) ?? null,
  run: (name, args, input = '') => {
    const path = systemPrograms.find(name);
    if (path === null) return Promise.reject(missing(name));
    return new Promise((resolve, reject) => {
      const limits = {
        env: programEnvironment,
        timeout: timeoutMs,
        maxBuffer: 16 << 20,
        encoding: 'utf8',
      } as const;
      const child = execFile(path, [...args], limits, (error, stdout, stderr) =>
        error === null ? resolve({ stdout, stderr }) : reject(failed(name, error, stderr)),
      );
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  },
};

export function missing(name: ProgramName): Problem {
  return new Problem('HELPER_PROGRAM_MISSING', { detail: `The program ${name} is not installed.` });
}

function failed(name: ProgramName, error: ExecFileException, stderr: string): Problem {
  const said =
    stderr.trim().split('\n').slice(0, 3).join(' ') || `it ended with ${error.code ?? error.signal}`;
  return new Problem('HELPER_SYSTEM_REFUSED', { detail: `${name}: ${said.slice(0, 300)}`, cause: error });
}
