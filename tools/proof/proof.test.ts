import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Proof, Scale } from './proof.ts';
import { proofs } from './registry.ts';
import { runProofs } from './run-proofs.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

async function ran(list: readonly Proof[], scale: Scale = 'quick') {
  const lines: string[] = [];
  const said: string[] = [];
  let now = 0;
  const failed = await runProofs(list, {
    scale,
    line: (text) => void lines.push(text),
    progress: (text) => void said.push(text),
    now: () => (now += 1500),
  });
  return { failed, lines, said };
}

const sound: Proof = {
  name: 'sound',
  shows: 'all is well',
  run: async (scale, report) => {
    report.progress('half way');
    return { amount: `${scale} amount`, found: [], figures: 'median 3 ms' };
  },
};
const canary: Proof = {
  name: 'canary',
  shows: 'nothing is wrong',
  run: async () => ({ amount: '7 seeds', found: ['seed 3 stalls: npm run sim -- --seed 3'] }),
};
const broken: Proof = {
  name: 'broken',
  shows: 'it runs',
  run: async () => {
    throw new Error('no such file');
  },
};

describe('npm run proof', { timeout: 60_000 }, () => {
  it('runs each proof with its scale and ends with a table', async () => {
    const { failed, lines, said } = await ran([sound], 'full');
    expect(failed).toBe(0);
    expect(lines).toEqual([
      'sound: all is well',
      'proof  amount       found    time',
      'sound  full amount  nothing  1.5 s  median 3 ms',
    ]);
    expect(said).toEqual(['sound: half way']);
  });

  it('counts a proof that found something and says how to see it again', async () => {
    const { failed, lines } = await ran([canary, sound]);
    expect(failed).toBe(1);
    expect(lines).toContain('  FOUND seed 3 stalls: npm run sim -- --seed 3');
    expect(lines.at(-2)).toMatch(/^canary +7 seeds +1 +1\.5 s$/);
  });

  it('takes a proof that throws as one that found something, and goes on', async () => {
    const { failed, lines } = await ran([broken, sound]);
    expect(failed).toBe(1);
    expect(lines.join('\n')).toContain('no such file');
    expect(lines.at(-1)).toContain('sound');
  });

  it('knows its proofs by the names that they give themselves', async () => {
    for (const [name, load] of Object.entries(proofs)) expect((await load()).name).toBe(name);
  });

  it('refuses a name that it does not know with exit status 2', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--conditions=development', main, 'nonsense'], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain('decoder-fuzz');
  });
});
