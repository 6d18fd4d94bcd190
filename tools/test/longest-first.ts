import { statSync } from 'node:fs';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take long, the longest first: one that began last would be waited for by idle processors. A file that is missing here, or no longer long, only costs
 * time. `npm test` ends with the longest it saw.
 */
const longest = [
  'hostile.waiting.e2e.ts',
  'route-network.e2e.ts',
  'real-clients.e2e.ts',
  'route-stories.e2e.ts',
  'crash.e2e.ts',
  'stories.e2e.ts',
  'background.e2e.ts',
  'drops.waiting.e2e.ts',
  'transfer.e2e.ts',
  'modes.e2e.ts',
  'extend.waiting.e2e.ts',
  'agent.waiting.e2e.ts',
  'start.e2e.ts',
  'lease-scope.e2e.ts',
  'bad-input.e2e.ts',
  'dashboard.test.ts',
  'simulation.test.ts',
  'cluster.test.ts',
  'flow.test.ts',
  'lint-canary.test.ts',
  'supply-chain.test.ts',
  'main.test.ts',
  'synth.test.ts',
  'fuzz.test.ts',
  'pacing.test.ts',
];

/** The longest files first, then project by project, larger files first; on every machine the same, whatever ran there before. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files
      .map((file) => ({ file, rank: rankOf(file.moduleId), bytes: statSync(file.moduleId).size }))
      .sort((a, b) => a.rank - b.rank || byProject(a.file, b.file) || b.bytes - a.bytes)
      .map(({ file }) => file);
  }
}

function rankOf(path: string): number {
  const rank = longest.findIndex((name) => path.endsWith(`/${name}`));
  return rank < 0 ? longest.length : rank;
}

function byProject(a: TestSpecification, b: TestSpecification): number {
  return a.project.name < b.project.name ? -1 : a.project.name > b.project.name ? 1 : 0;
}
