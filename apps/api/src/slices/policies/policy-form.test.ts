import { extensionRuleOf } from '@sallyport/access-domain';
import { Problem } from '@sallyport/problems';
import { expect, it } from 'vitest';
import { parsePolicies } from './policy-form.ts';

const written = {
  name: 'production-databases',
  resources: { environments: ['production'], kinds: ['database', 'cluster'] },
  requesters: ['engineers'],
  approval: 'review',
  reviewers: ['db-owners'],
  duration: { longest: '4h', default: '1h' },
  reason: { required: true, example: 'INC-1' },
  answerWithin: '24h',
};
const read = (given: object) => {
  const [policy] = parsePolicies({ version: 1, policies: [{ ...written, ...given }] });
  if (!policy) throw new Error('no policy was read');
  return policy;
};
const ruleOf = (given: object) => extensionRuleOf(read(given));

it('extends as it grants where nothing is said', () => {
  expect(read({})).not.toHaveProperty('extension');
  expect(ruleOf({})).toEqual({ automatic: null, reviewers: ['db-owners'], totalSecondsMax: 14_400 });
  expect(ruleOf({ approval: 'automatic' })).toMatchObject({
    automatic: { longestSeconds: 14_400, times: 100 },
    totalSecondsMax: 14_400,
  });
});

it('reads what is approved by itself, who answers the rest, and the budget', () => {
  const extend = { auto: { max: '30m', times: 2 }, approvers: ['night-shift'], maxTotal: '6h' };
  expect(ruleOf({ extend })).toEqual({
    automatic: { longestSeconds: 1_800, times: 2 },
    reviewers: ['night-shift'],
    totalSecondsMax: 21_600,
  });
  expect(ruleOf({ extend: { maxTotal: '6h' } })).toMatchObject({ automatic: null, reviewers: ['db-owners'] });
  expect(ruleOf({ extend: 'never' })).toBeNull();
});

it.each<[unknown, string]>([
  [true, 'policies.0.extend'],
  [{}, 'policies.0.extend'],
  [{ maxTotal: 'long' }, 'policies.0.extend'],
  [{ maxTotal: '6h', auto: { max: '30m', times: 0 } }, 'policies.0.extend'],
  [{ maxTotal: '6h', approvers: [] }, 'policies.0.extend'],
])('refuses extend: %j and names the field', (extend, field) => {
  try {
    read({ extend });
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    expect((error as Problem).code).toBe('POLICIES_INVALID');
    expect((error as Problem).occurrence.errors?.[0]?.field).toContain(field);
    return;
  }
  throw new Error('nothing was refused');
});
