/**
 * Writes what is generated and committed: the OpenAPI document (from the API's controllers, without a database), the
 * client's types (from that document) and one page per problem code. With --check it writes nothing and ends with 1
 * when something is not current.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { clientTypes } from './client-types.ts';
import { openApiText } from './open-api.ts';
import { problemPages } from './problem-pages.ts';

const root = new URL('../../', import.meta.url);
const problemFolder = 'docs/problems/';

async function generated(): Promise<Map<string, string>> {
  const openApi = await openApiText();
  return new Map([
    ['apps/api/openapi.json', await pretty(openApi, 'openapi.json')],
    ['libs/api-client/src/schema.ts', await pretty(await clientTypes(openApi), 'schema.ts')],
    ...problemPages().map(({ name, text }) => [problemFolder + name, text] as const),
  ]);
}

async function pretty(text: string, name: string): Promise<string> {
  const options = await resolveConfig(fileURLToPath(new URL('package.json', root)));
  return format(text, { ...options, filepath: name });
}

/** Names of the files that are missing, different, or left over. */
async function stale(files: ReadonlyMap<string, string>): Promise<string[]> {
  const present = await readdir(new URL(problemFolder, root)).catch(() => [] as string[]);
  const leftOver = present.map((name) => problemFolder + name).filter((name) => !files.has(name));
  const changed = await Promise.all(
    [...files].map(async ([name, text]) => {
      const found = await readFile(new URL(name, root), 'utf8').catch(() => undefined);
      return found === text ? [] : [name];
    }),
  );
  return [...changed.flat(), ...leftOver];
}

const files = await generated();
const names = await stale(files);
if (process.argv.includes('--check')) {
  for (const name of names) console.error(`not current: ${name} (run: npm run generate)`);
  process.exitCode = names.length === 0 ? 0 : 1;
} else {
  for (const name of names) {
    const text = files.get(name);
    const path = fileURLToPath(new URL(name, root));
    await mkdir(dirname(path), { recursive: true });
    await (text === undefined ? rm(path) : writeFile(path, text));
  }
  console.error(`${files.size} files current, ${names.length} written`);
}
