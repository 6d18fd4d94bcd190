/** One file that needs nothing beside it but koffi, the native part: what `helper install` copies for root. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const banner =
  "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);";

/** Writes the bundle; tells which files went into it. */
export async function bundleHelper(outfile) {
  const { metafile } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: ['src/main.ts'],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['development', 'module', 'node'],
    external: ['koffi'],
    define: { HELPER_VERSION: JSON.stringify(version) },
    banner: { js: banner },
    logLevel: 'warning',
    metafile: true,
  });
  return { inputs: Object.keys(metafile.inputs) };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await bundleHelper(fileURLToPath(new URL('dist/helper.mjs', import.meta.url)));
