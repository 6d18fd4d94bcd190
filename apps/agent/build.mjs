/**
 * Builds what is installed on a gateway: `node apps/agent/build.mjs [--executable] [--out FOLDER]`.
 * `sallyport-agent.cjs` is the plain bundle, which runs on any Node from 22.15 on; `sallyport-agent` holds Node itself (single executable).
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const here = import.meta.dirname;
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
/** Marks the place in Node's binary that says whether a program is inside. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Writes the plain bundle; resolves with its path. */
export async function bundle(folder) {
  const stated = /agentVersion = '([^']+)'/.exec(readFileSync(join(here, 'src/version.ts'), 'utf8'))?.[1];
  if (stated !== version) throw new Error(`src/version.ts says ${stated}, package.json ${version}`);
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'sallyport-agent.cjs');
  await build({
    absWorkingDir: here,
    entryPoints: ['src/main.ts'],
    outfile,
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    // From sources, so that the bundle never holds a stale build of a library.
    conditions: ['development', 'module', 'node'],
    // Native: where it is not beside the bundle, the program `ping` sends the echoes.
    external: ['koffi'],
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
  return outfile;
}

/** Puts the bundle into a copy of the Node that runs this; resolves with its path. Linux only. */
export async function executable(folder) {
  const main = await bundle(folder);
  const program = join(folder, 'sallyport-agent');
  const [settings, blob] = [join(folder, 'sea.json'), join(folder, 'sea.blob')];
  rmSync(program, { force: true });
  copyFileSync(process.execPath, program);
  chmodSync(program, 0o755);
  // Before the injection: afterwards it would destroy the program.
  try {
    execFileSync('strip', [program], { stdio: 'pipe' });
  } catch {
    console.error('strip is not installed: the executable stays larger than it must be');
  }
  writeFileSync(
    settings,
    JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true }),
  );
  execFileSync(process.execPath, ['--experimental-sea-config', settings], { stdio: 'pipe' });
  const { inject } = createRequire(import.meta.url)('postject');
  const { log, error, warn } = console;
  // It complains about a section that does not matter, on all of them.
  console.log = console.error = console.warn = () => undefined;
  try {
    await inject(program, 'NODE_SEA_BLOB', readFileSync(blob), { sentinelFuse: fuse });
  } finally {
    Object.assign(console, { log, error, warn });
  }
  rmSync(settings);
  rmSync(blob);
  return program;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { executable: { type: 'boolean' }, out: { type: 'string' } } });
  const folder = values.out ?? join(here, 'release');
  const built = values.executable ? await executable(folder) : await bundle(folder);
  console.log(`${built} ${(statSync(built).size / 1e6).toFixed(2)} MB`);
}
