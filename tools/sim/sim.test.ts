import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

function sim(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=development', main, ...args],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

describe('npm run sim', { timeout: 60_000 }, () => {
  it('replays seeds and says how many held', () => {
    const { status, stdout } = sim('--seed', '3', '--seeds', '5');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^5 of 5 held; /);
  });

  it('prints the line that replays a failure, which fails in the same way', () => {
    const { status, stdout } = sim('--seed', '0', '--seeds', '12', '--bug', 'delivers-twice');
    expect(status).toBe(1);
    const line = /replay: npm run sim -- (.*)/.exec(stdout)?.[1] ?? '';
    const failure = /^FAILED .*$/m.exec(stdout)?.[0];
    const again = sim(...line.split(' '));
    expect(again.status).toBe(1);
    expect(again.stdout).toContain(failure);
    expect(again.stdout).toContain('client attached');
  });

  it('refuses what it does not understand with exit status 2', () => {
    for (const args of [[], ['--seed', 'x'], ['--seed', '1', '--bug', 'none'], ['--sed', '1']]) {
      expect(sim(...args).status).toBe(2);
    }
  });
});
