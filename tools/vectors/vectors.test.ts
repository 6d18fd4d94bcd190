import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const golden = fileURLToPath(new URL('../../libs/ssm-protocol/vectors/ssm-vectors.json', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...files: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=development', main, ...files],
    { encoding: 'utf8' },
  );
  return { status, stderr, lines: stdout.trim().split('\n') };
}

describe('npm run vectors', () => {
  it('passes the golden file and ends with the counts', () => {
    expect(run(golden)).toEqual({ status: 0, stderr: '', lines: ['44 passed, 0 failed'] });
  });

  it('names what fails in another file, and says how many', () => {
    const file = JSON.parse(readFileSync(golden, 'utf8')) as { vectors: Record<string, unknown>[] };
    const [first] = file.vectors;
    const vectors = [first, { ...first, name: 'changed', totalLength: 1 }, { name: 'odd', kind: 'tea' }];
    const path = join(folder, 'changed.json');
    writeFileSync(path, JSON.stringify({ ...file, vectors }));
    const { status, lines } = run(path);
    expect(status).toBe(1);
    expect(lines).toEqual([
      'FAILED changed: is 125 bytes long',
      'FAILED odd: unknown kind tea',
      '1 passed, 2 failed',
    ]);
  });

  it('takes integers beyond 2^53 as texts', () => {
    const file = JSON.parse(readFileSync(golden, 'utf8')) as { vectors: Record<string, unknown>[] };
    const large = file.vectors.find(({ name }) => name === 'sequence/large')!;
    const hex = (large['hex'] as string).replace('0000000100000005', '7fffffffffffffff');
    const fields = {
      ...(large['fields'] as object),
      sequenceNumber: '9223372036854775807',
      sequenceNumberIsString: true,
    };
    const path = join(folder, 'large.json');
    writeFileSync(path, JSON.stringify({ vectors: [{ ...large, hex, fields }] }));
    expect(run(path).lines).toEqual(['1 passed, 0 failed']);
  });

  it('exits 2 without a file that it can read', () => {
    expect(run(join(folder, 'absent.json')).status).toBe(2);
    expect(run().status).toBe(2);
  });
});
