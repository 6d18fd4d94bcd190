import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const hasPsql = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'psql')));

export interface PsqlRun {
  /** Resolves when this many bytes have come, or the program is at its end. */
  until(bytes: number): Promise<void>;
  readonly ended: Promise<{ code: number | null; bytes: number; sha256: string; stderr: string }>;
  kill(): void;
}

/** The person's own psql through a local port; what it prints is counted and digested, not kept. */
export function psql(port: number, database: string, statements: readonly string[]): PsqlRun {
  const child = spawn(
    'psql',
    [
      ...['-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', String(port), '-U', 'app_ro', database],
      ...statements.flatMap((statement) => ['-c', statement]),
    ],
    { env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const digest = createHash('sha256');
  let bytes = 0;
  let stderr = '';
  let over = false;
  const watchers = new Set<() => void>();
  const tell = () => watchers.forEach((watch) => watch());
  child.stdout.on('data', (chunk: Buffer) => {
    digest.update(chunk);
    bytes += chunk.length;
    tell();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => {
    over = true;
    tell();
    return { code: code as number | null, bytes, sha256: digest.digest('hex'), stderr };
  });
  return {
    ended,
    until: (mark) =>
      new Promise((resolve) => {
        const look = () => {
          if (!over && bytes < mark) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    kill: () => child.kill('SIGKILL'),
  };
}
