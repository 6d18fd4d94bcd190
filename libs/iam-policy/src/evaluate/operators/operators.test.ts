import { describe, expect, it } from 'vitest';
import { evaluate, type RequestContext } from '../../index.ts';
import { operators } from './table.ts';

type Row = readonly [wanted: string | string[], actual: RequestContext[string] | undefined, holds: boolean];

const instant = '2026-11-21T12:00:00Z';

/** Per operator: the policy's value, the request's value (undefined: absent), and whether the condition holds. */
const table: Record<string, { key: string; rows: readonly Row[] }> = {
  StringEquals: {
    key: 'aws:userid',
    rows: [
      ['Ana', 'Ana', true],
      ['Ana', 'ana', false],
      ['A*', 'Ana', false],
      ['A*', 'A*', true],
      [['x', 'Ana'], 'Ana', true],
      ['', '', true],
      ['Ana', undefined, false],
    ],
  },
  StringNotEquals: {
    key: 'aws:userid',
    rows: [
      ['Ana', 'Ana', false],
      ['Ana', 'ana', true],
      [['x', 'Ana'], 'Ana', false],
      [['x', 'y'], 'Ana', true],
      ['Ana', undefined, true],
    ],
  },
  StringEqualsIgnoreCase: {
    key: 'aws:userid',
    rows: [
      ['Ana', 'aNA', true],
      ['Ana', 'Anna', false],
      ['Ana', undefined, false],
    ],
  },
  StringNotEqualsIgnoreCase: {
    key: 'aws:userid',
    rows: [
      ['Ana', 'aNA', false],
      ['Ana', 'Anna', true],
      ['Ana', undefined, true],
    ],
  },
  StringLike: {
    key: 'aws:userid',
    rows: [
      ['A*', 'Ana', true],
      ['?na', 'Ana', true],
      ['??na', 'Ana', false],
      ['a*', 'Ana', false],
      ['*n*', 'Ana', true],
      ['*', '', true],
      ['?*', '', false],
      ['*ab*ab', 'aababab', true],
      ['?', '😀', true],
      ['A*', undefined, false],
    ],
  },
  StringNotLike: {
    key: 'aws:userid',
    rows: [
      ['A*', 'Ana', false],
      ['B*', 'Ana', true],
      [['B*', 'A*'], 'Ana', false],
      ['A*', undefined, true],
    ],
  },
  NumericEquals: {
    key: 'aws:MultiFactorAuthAge',
    rows: [
      ['60', 60, true],
      ['60', '60.0', true],
      ['60', 61, false],
      ['60', 'sixty', false],
      ['60', undefined, false],
    ],
  },
  NumericNotEquals: {
    key: 'aws:MultiFactorAuthAge',
    rows: [
      ['60', 60, false],
      ['60', 61, true],
      ['60', 'sixty', false],
      ['60', undefined, true],
    ],
  },
  NumericLessThan: {
    key: 'aws:MultiFactorAuthAge',
    rows: [
      ['60', 59, true],
      ['60', 60, false],
      ['60', '9', true],
      ['60', '', false],
      ['60', undefined, false],
    ],
  },
  NumericLessThanEquals: {
    key: 'aws:MultiFactorAuthAge',
    rows: [
      ['60', 60, true],
      ['60', 61, false],
    ],
  },
  NumericGreaterThan: {
    key: 'aws:MultiFactorAuthAge',
    rows: [
      ['60', 61, true],
      ['60', 60, false],
      ['60', '100', true],
    ],
  },
  NumericGreaterThanEquals: {
    key: 'aws:MultiFactorAuthAge',
    rows: [
      ['60', 60, true],
      ['60', 59, false],
    ],
  },
  DateEquals: {
    key: 'aws:CurrentTime',
    rows: [
      [instant, instant, true],
      [instant, '2026-11-21T13:00:00+01:00', true],
      [instant, '2026-11-21T12:00:00.001Z', false],
      [instant, undefined, false],
    ],
  },
  DateNotEquals: {
    key: 'aws:CurrentTime',
    rows: [
      [instant, instant, false],
      [instant, '2026-11-21T12:00:01Z', true],
      [instant, 'now', false],
      [instant, undefined, true],
    ],
  },
  DateLessThan: {
    key: 'aws:CurrentTime',
    rows: [
      [instant, '2026-11-21T11:59:59.999Z', true],
      [instant, instant, false],
      [instant, '2026-11-21T11:59:59', false],
      [instant, '1795262399', true],
      ['1795262400', '2026-11-21T11:59:59Z', true],
      [instant, undefined, false],
    ],
  },
  DateLessThanEquals: {
    key: 'aws:CurrentTime',
    rows: [
      [instant, instant, true],
      [instant, '2026-11-21T12:00:00.001Z', false],
    ],
  },
  DateGreaterThan: {
    key: 'aws:CurrentTime',
    rows: [
      [instant, '2026-11-21T12:00:01Z', true],
      [instant, instant, false],
      ['2026-11-21', '2026-11-21T00:00:01Z', true],
    ],
  },
  DateGreaterThanEquals: {
    key: 'aws:CurrentTime',
    rows: [
      [instant, instant, true],
      [instant, '2026-11-21T11:59:59Z', false],
    ],
  },
  Bool: {
    key: 'aws:SecureTransport',
    rows: [
      ['true', true, true],
      ['true', 'TRUE', true],
      ['true', false, false],
      ['false', false, true],
      ['true', '1', false],
      ['true', undefined, false],
    ],
  },
  IpAddress: {
    key: 'aws:SourceIp',
    rows: [
      ['203.0.113.0/24', '203.0.113.255', true],
      ['203.0.113.0/24', '203.0.114.0', false],
      ['203.0.113.7', '203.0.113.7', true],
      ['0.0.0.0/0', '8.8.8.8', true],
      ['0.0.0.0/0', '::1', false],
      ['2001:db8::/32', '2001:db8:ffff::1', true],
      ['2001:db8::/32', '2001:db9::', false],
      ['203.0.113.0/24', '203.0.113.07', false],
      ['203.0.113.0/24', undefined, false],
    ],
  },
  NotIpAddress: {
    key: 'aws:SourceIp',
    rows: [
      ['203.0.113.0/24', '203.0.113.1', false],
      ['203.0.113.0/24', '203.0.114.1', true],
      ['203.0.113.0/24', 'here', false],
      ['203.0.113.0/24', undefined, true],
    ],
  },
  ArnEquals: {
    key: 'aws:SourceArn',
    rows: [
      ['arn:aws:iam::1:role/a', 'arn:aws:iam::1:role/a', true],
      ['arn:aws:iam::*:role/a', 'arn:aws:iam::1:role/a', true],
      ['arn:aws:iam::1:role/a', 'arn:aws:iam::1:role/b', false],
      ['arn:aws:iam::1:role/a', undefined, false],
    ],
  },
  ArnLike: {
    key: 'aws:SourceArn',
    rows: [
      ['arn:aws:iam::*:role/jit/*', 'arn:aws:iam::1:role/jit/JitHub', true],
      ['arn:aws:iam::*:role/jit/*', 'arn:aws:iam::1:role/JitHub', false],
      ['arn:aws:sns:*:*:a', 'arn:aws:sns:x:y:z:a', false],
      ['arn:aws:sns:x:y:*', 'arn:aws:sns:x:y:z:a', true],
      ['arn:aws:iam::1:role/a', 'role/a', false],
    ],
  },
  ArnNotEquals: {
    key: 'aws:SourceArn',
    rows: [
      ['arn:aws:iam::1:role/a', 'arn:aws:iam::1:role/a', false],
      ['arn:aws:iam::1:role/a', 'arn:aws:iam::1:role/b', true],
      ['arn:aws:iam::1:role/a', undefined, true],
    ],
  },
  ArnNotLike: {
    key: 'aws:SourceArn',
    rows: [
      ['arn:aws:iam::*:role/jit/*', 'arn:aws:iam::1:role/jit/a', false],
      ['arn:aws:iam::*:role/jit/*', 'arn:aws:iam::1:role/a', true],
      ['arn:aws:iam::*:role/jit/*', 'nobody', false],
      ['arn:aws:iam::*:role/jit/*', undefined, true],
    ],
  },
};

/** Whether an Allow under this one condition holds. */
function decide(operator: string, key: string, wanted: unknown, actual: RequestContext[string] | undefined) {
  const Condition = { [operator]: { [key]: wanted } };
  return evaluate({
    principal: { arn: 'arn:aws:iam::111122223333:user/x', accountId: '111122223333' },
    identityPolicies: [
      { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', Condition }] },
    ],
    request: {
      action: 's3:ListAllMyBuckets',
      resource: '*',
      context: actual === undefined ? {} : { [key]: actual },
    },
  });
}
const holds = (...args: Parameters<typeof decide>) => decide(...args).decision === 'allow';

it('has a table for every operator', () => {
  expect(Object.keys(table).sort()).toEqual([...operators.keys()].sort());
});

describe.each(Object.entries(table))('%s', (operator, { key, rows }) => {
  it.each(rows)('of %j with %j is %j', (wanted, actual, expected) => {
    expect(holds(operator, key, wanted, actual)).toBe(expected);
  });

  it('with IfExists holds without the key', () => {
    expect(holds(`${operator}IfExists`, key, rows[0]?.[0], undefined)).toBe(true);
  });
});

describe('Null', () => {
  it.each([
    ['true', undefined, true],
    ['true', 'x', false],
    ['false', undefined, false],
    ['false', 'x', true],
    [true, undefined, true],
    [['true', 'false'], 'x', true],
  ])('of %j with %j is %j', (wanted, actual, expected) => {
    expect(holds('Null', 'aws:userid', wanted, actual)).toBe(expected);
  });
});

describe('ForAllValues and ForAnyValue', () => {
  it.each<[string, string[], string[] | undefined, boolean]>([
    ['ForAllValues:StringEquals', ['a', 'b'], ['a'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b', 'c'], false],
    ['ForAllValues:StringEquals', ['a'], [], true],
    ['ForAllValues:StringEquals', ['a'], undefined, true],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'a'], false],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
    ['ForAnyValue:StringEquals', ['a'], [], false],
    ['ForAnyValue:StringEquals', ['a'], undefined, false],
    ['ForAnyValue:StringNotEquals', ['a'], undefined, false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAnyValue:StringEqualsIfExists', ['a'], undefined, true],
    ['ForAllValues:StringLike', ['a*'], ['ab', 'ac'], true],
  ])('%s %j with %j is %j', (operator, wanted, actual, expected) => {
    expect(holds(operator, 'aws:TagKeys', wanted, actual)).toBe(expected);
  });
});

describe('what is not known', () => {
  it.each<[string, string, unknown]>([
    ['BinaryEquals', 'aws:userid', 'QQ=='],
    ['stringequals', 'aws:userid', 'x'],
    ['StringEqualsIfExistsIfExists', 'aws:userid', 'x'],
    ['ForSomeValues:StringEquals', 'aws:TagKeys', 'x'],
    ['NullIfExists', 'aws:userid', 'true'],
    ['ForAllValues:Null', 'aws:TagKeys', 'true'],
    ['Null', 'aws:userid', 'perhaps'],
    ['__proto__', 'aws:userid', 'x'],
    ['toString', 'aws:userid', 'x'],
    ['StringNotEquals', 'aws:PrincipalTag/', 'x'],
    ['StringNotEquals', 'aws:nothing', 'x'],
    ['StringNotEquals', 'userid', 'x'],
    ['StringNotEquals', 'aws:userid', []],
    ['StringNotEquals', 'aws:userid', null],
    ['StringNotEquals', 'aws:userid', { x: 1 }],
    ['StringNotEquals', 'aws:userid', '${aws:userid'],
    ['StringNotEquals', 'aws:userid', '${aws:TagKeys}'],
    ['NumericNotEquals', 'aws:MultiFactorAuthAge', 'x'],
    ['NumericNotEquals', 'aws:MultiFactorAuthAge', '1e3'],
    ['DateNotEquals', 'aws:CurrentTime', 'tomorrow'],
    ['DateNotEquals', 'aws:CurrentTime', '2026-02-30'],
    ['DateNotEquals', 'aws:CurrentTime', '2026-11-21T12:00:00'],
    ['Bool', 'aws:SecureTransport', 'yes'],
    ['NotIpAddress', 'aws:SourceIp', '10.0.0.0/33'],
    ['NotIpAddress', 'aws:SourceIp', '10.0.0'],
    ['NotIpAddress', 'aws:SourceIp', '2001:db8::1::2'],
    ['ArnNotLike', 'aws:SourceArn', '*'],
    ['ArnNotLike', 'aws:SourceArn', 'arn:aws:*:role/a'],
  ])('%s on %s with %j makes the policy unsupported', (operator, key, wanted) => {
    const condition = JSON.parse(`{${JSON.stringify(operator)}:{}}`) as object;
    expect(Object.keys(condition)).toEqual([operator]);
    expect(decide(operator, key, wanted, 'something').kind).toBe('unsupported');
  });

  it('is several values for a key that has one: an Allow does not hold, a Deny is not averted', () => {
    expect(holds('StringEquals', 'aws:userid', 'a', ['a'])).toBe(false);
    expect(holds('StringNotEquals', 'aws:userid', 'b', ['a'])).toBe(false);
  });
});
