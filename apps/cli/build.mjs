/** One minified bundle with lazily loaded pieces: a command loads oclif, itself and nothing else. */
import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleHelper } from '../helper/build.mjs';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const banner =
  "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);";

/** Writes the bundle into a folder, replacing what was there; tells which files went into it. */
export async function bundle(outdir) {
  rmSync(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: import.meta.dirname,
    // The thread that reads a device is a file of its own, beside whatever chunk starts it.
    entryPoints: {
      index: 'src/index.ts',
      plugin: 'src/plugin/index.ts',
      'tun-worker': '../../libs/tunnel/src/edge/tun-worker.ts',
    },
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Libraries are taken from their sources, so that the bundle never holds a stale build of them.
    conditions: ['development', 'module', 'node'],
    // Loaded by oclif only to run TypeScript; with them inside the bundle is 9 MB and slow. koffi brings a native part of its own.
    // The SSH library does without its native helpers.
    external: ['typescript', 'ts-node', 'tsx', 'koffi', 'cpu-features', '*.node'],
    define: {
      TUNNEL_VERSION: JSON.stringify(version),
      'process.env.NODE_ENV': '"production"',
      // CommonJS packages ask where they are; the SSH library's Poly1305 does as it is loaded.
      __dirname: 'import.meta.dirname',
      __filename: 'import.meta.filename',
    },
    banner: { js: banner },
    logLevel: 'warning',
    metafile: true,
  });
  // Installed for root by `tunnel helper install`, and never run from here.
  const helper = await bundleHelper(resolve(import.meta.dirname, outdir, 'helper.mjs'));
  return { inputs: [...new Set([...Object.keys(metafile.inputs), ...helper.inputs])] };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await bundle(fileURLToPath(new URL('dist', import.meta.url)));
