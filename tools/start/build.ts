import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Problem } from '@sallyport/problems';

/** Builds what is out of date. Output is shown only when it fails; `PART_NOT_BUILT` then. */
export async function build(repository: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(repository, 'node_modules/nx/dist/bin/nx.js'), 'run-many', '-t', 'build', '--output-style=stream'],
    {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NEXT_TELEMETRY_DISABLED: '1' },
    },
  );
  const words: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => words.push(chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Problem('PART_NOT_BUILT', { detail: `The build failed:\n${words.join('').slice(-6_000)}` });
}
