import { expect, it } from 'vitest';
import { catalogue, isProblemDocument, kinds, Problem, toDocument } from './index.ts';

it('writes a problem that it can read back', () => {
  const document = toDocument(new Problem('RATE_LIMITED', { retryAfterSeconds: 4 }), 'req-1');
  expect(document).toMatchObject({
    code: 'RATE_LIMITED',
    kind: 'limited',
    status: 429,
    retryAfterSeconds: 4,
  });
  expect(isProblemDocument(JSON.parse(JSON.stringify(document)))).toBe(true);
  expect(isProblemDocument({ title: 'x' })).toBe(false);
});

it('lets no extension overwrite a member of the document', () => {
  const problem = new Problem('INTERNAL_ERROR', { extensions: { code: 'OTHER', endReason: 'x' } });
  expect(toDocument(problem)).toMatchObject({ code: 'INTERNAL_ERROR', endReason: 'x' });
});

it.each(Object.entries(catalogue))(
  '%s has a code, a kind, a title and an advice in their forms',
  (code, entry) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/);
    expect(Object.keys(kinds)).toContain(entry.kind);
    expect(entry.title).toMatch(/\.$/);
    expect(entry.advice).toMatch(/\.$/);
  },
);
