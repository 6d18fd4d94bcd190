import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/test/longest-first.ts';

/** One project per package; `npm test` runs all of them, `vitest --project NAME` one. */
const packages = [
  ...readdirSync('libs').map((name) => ({ name, root: `libs/${name}` })),
  ...readdirSync('apps').map((name) => ({ name, root: `apps/${name}` })),
  { name: 'infra', root: 'infra' },
  { name: 'tools', root: 'tools' },
].filter(({ root }) => existsSync(root));

const resolve = { conditions: ['development', 'node'] };

/** Suites of the whole product: mostly they wait, for programs to start and for time to pass, so that two share the machine. After all others when those run too. */
const wholeProduct = { maxWorkers: 2, sequence: { groupOrder: 1 } };

/** What is waited for comes; how soon is the machine's affair. */
const patient = { poll: { timeout: 30_000 } };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      ...packages.map(({ name, root }) => ({
        resolve,
        ssr: { resolve },
        root,
        test: {
          name,
          environment: 'node' as const,
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: ['**/node_modules/**', '**/dist/**', '**/.next/**', '**/out/**'],
          passWithNoTests: true,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          expect: patient,
        },
      })),
      {
        resolve,
        ssr: { resolve },
        root: 'e2e',
        test: {
          name: 'e2e',
          environment: 'node' as const,
          include: ['**/*.e2e.ts'],
          exclude: ['**/node_modules/**', '**/*.waiting.e2e.ts'],
          ...wholeProduct,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: patient,
        },
      },
      {
        // Those that wait most of all.
        resolve,
        ssr: { resolve },
        root: 'e2e',
        test: {
          name: 'e2e-waiting',
          environment: 'node' as const,
          include: ['**/*.waiting.e2e.ts'],
          ...wholeProduct,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: patient,
        },
      },
    ],
  },
});
