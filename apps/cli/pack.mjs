/**
 * Packs the command line as one package without dependencies (ADR 0075): `npm run pack:cli [-- FOLDER]`. Prints the file, its size and how many files it holds.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundle } from './build.mjs';

const here = import.meta.dirname;
const root = join(here, '../..');
const folder = resolve(process.argv[2] ?? join(here, 'dist-pack'));
const stage = mkdtempSync(join(tmpdir(), 'tunnel-pack-'));

try {
  const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  const { inputs } = await bundle(join(stage, 'dist'));
  for (const name of ['bin', 'man', 'README.md'])
    cpSync(join(here, name), join(stage, name), { recursive: true });
  cpSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
  writeFileSync(join(stage, 'THIRD-PARTY.txt'), thirdParty(inputs));
  writeFileSync(join(stage, 'package.json'), JSON.stringify(packed(manifest), undefined, 2) + '\n');
  mkdirSync(folder, { recursive: true });
  const [made] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: stage,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const { filename, size, unpackedSize, entryCount } = made;
  const kib = (bytes) => `${Math.round(bytes / 1024)} KiB`;
  console.log(join(folder, filename));
  console.log(`${kib(size)} packed, ${kib(unpackedSize)} unpacked, ${entryCount} files`);
} finally {
  rmSync(stage, { recursive: true, force: true });
}

/** The package.json that is published: everything is in the bundle but the one native part, and that is optional. */
function packed({ name, version, type, license, bin, dependencies }) {
  return {
    name,
    version,
    description: 'Just-in-time access to private AWS resources over Session Manager',
    license,
    type,
    bin,
    man: ['./man/tunnel.1'],
    files: ['bin', 'dist', 'man', 'THIRD-PARTY.txt'],
    engines: { node: '>=20' },
    optionalDependencies: { koffi: dependencies.koffi },
  };
}

/** Names, versions and licence texts of the packages whose code is in the bundle. */
function thirdParty(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const found = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/u.exec(input)?.[0];
    if (found) folders.add(resolve(here, found));
  }
  const texts = [...folders].sort().flatMap((path) => {
    if (!existsSync(join(path, 'package.json'))) return [];
    const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    if (name.startsWith('@sallyport/')) return [];
    const file = readdirSync(path).find((entry) => /^licen[cs]e(?:\.|$)/iu.test(entry));
    const text = file ? readFileSync(join(path, file), 'utf8').trim() : '';
    return [{ title: `${name} ${version} (${license ?? 'see its text'})`, text }];
  });
  // Many share one text: it is told once.
  const byText = new Map();
  for (const { title, text } of texts) byText.set(text, [...(byText.get(text) ?? []), title]);
  return [...byText]
    .map(([text, titles]) => `${titles.join('\n')}\n\n${text}\n`)
    .join(`\n${'-'.repeat(78)}\n\n`);
}
