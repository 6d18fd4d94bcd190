import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { ESLint } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';

/** Each rule of the house, one planted violation, and the rule that must report it. */
const root = resolve(import.meta.dirname, '../..');
const violations: [rule: string, file: string, text: string][] = [
  [
    'no-restricted-imports',
    'libs/problems/src/index.ts',
    "import { readFile } from 'node:fs';\nexport { readFile };\n",
  ],
  [
    'no-restricted-imports',
    'libs/connect/src/index.ts',
    "import { x } from '@sallyport/effects/simulated';\nexport { x };\n",
  ],
  ['no-restricted-syntax', 'libs/connect/src/index.ts', 'export const t = Date.now();\n'],
  ['no-restricted-syntax', 'libs/connect/src/index.ts', 'export const t = new Date();\n'],
  ['no-restricted-syntax', 'libs/connect/src/index.ts', 'export const t = Math.random();\n'],
  ['no-restricted-syntax', 'libs/connect/src/index.ts', 'setTimeout(() => undefined, 1);\nexport {};\n'],
  ['no-empty', 'libs/connect/src/index.ts', 'try { JSON.parse("1"); } catch {}\nexport {};\n'],
  [
    '@typescript-eslint/no-floating-promises',
    'libs/connect/src/index.ts',
    'Promise.resolve(1).then(String);\nexport {};\n',
  ],
  [
    '@nx/enforce-module-boundaries',
    'libs/problems/src/index.ts',
    "import type { Effects } from '@sallyport/connect';\nexport type { Effects };\n",
  ],
  ['@nx/enforce-module-boundaries', 'libs/connect/src/index.ts', "import '@sallyport/access-domain';\n"],
  ['@nx/enforce-module-boundaries', 'libs/connect/src/index.ts', "import '../../effects/src/index.ts';\n"],
  ['@nx/enforce-module-boundaries', 'libs/access-domain/src/index.ts', "import '@nestjs/common';\n"],
];

describe('lint', () => {
  let eslint: ESLint;
  beforeAll(() => {
    // Without a project graph the boundary rule skips itself with a warning, and lint passes.
    execFileSync(process.execPath, [join(root, 'node_modules/.bin/nx'), 'show', 'projects'], {
      cwd: root,
      env: { ...process.env, NX_DAEMON: 'false' },
      stdio: 'pipe',
    });
    eslint = new ESLint({ cwd: root });
  });

  it.each(violations)('%s is reported in %s', async (rule, file, text) => {
    const [result] = await eslint.lintText(text, { filePath: join(root, file) });
    expect(result?.messages.map(({ ruleId }) => ruleId)).toContain(rule);
  });

  it('reports nothing in code that keeps the rules', async () => {
    const results = await eslint.lintFiles([join(root, 'libs/problems/src/*.ts')]);
    expect(results.flatMap(({ messages }) => messages)).toEqual([]);
  });
});
