import fc from 'fast-check';
import { expect, it } from 'vitest';
import { blockOwners, withBlock, withoutBlocks } from './hosts-block.ts';

const line = fc.constantFrom(
  '127.0.0.1 localhost',
  '',
  '# a comment',
  '\t10.1.1.1  old.internal',
  '::1 localhost',
  '10.0.0.1 x\r',
  'caf\u00e9',
);
const file = fc
  .tuple(fc.array(line), fc.boolean())
  .map(([lines, newline]) => lines.join('\n') + (newline ? '\n' : ''));
const entries = fc.array(
  fc.constantFrom(
    { address: '10.0.2.60', names: ['db.internal'] },
    { address: 'fd00::1', names: ['a', 'b'] },
  ),
);
const owner = fc.constantFrom('sally0', 'sally1', 'sally31');

it('gives back every other byte when the block goes', () => {
  fc.assert(
    fc.property(file, entries, owner, (text, list, name) => {
      expect(withBlock(withBlock(text, name, list), name, [])).toBe(text);
    }),
  );
});

it('keeps the blocks of several tunnels apart, and sweeps them all', () => {
  fc.assert(
    fc.property(file, entries, (text, list) => {
      const one = { address: '10.9.9.9', names: ['one.internal'] };
      const both = withBlock(withBlock(text, 'sally1', [one]), 'sally2', list);
      expect(withBlock(both, 'sally2', [])).toBe(withBlock(text, 'sally1', [one]));
      expect(blockOwners(both)).toContain('sally1');
      expect(blockOwners(withoutBlocks(both))).toEqual([]);
    }),
  );
});

it('takes only its own lines when somebody cut the end of the block or wrote below it', () => {
  const text = withBlock('127.0.0.1 localhost\n', 'sally0', [
    { address: '10.0.2.60', names: ['db.internal'] },
  ]);
  const cut = text.replace('# sallyport sally0 end\n', '# mine\n10.7.7.7  Mine\n');
  expect(withBlock(cut, 'sally0', [])).toBe('127.0.0.1 localhost\n# mine\n10.7.7.7  Mine\n');
  expect(withBlock(`${text}10.5.5.5 other\n`, 'sally0', [])).toBe('127.0.0.1 localhost\n10.5.5.5 other\n');
});
