import { describe, expect, it } from 'vitest';
import { decodeForm } from './form-input.ts';

const decode = (text: string) => decodeForm(new URLSearchParams(text));

describe('members of a Query call', () => {
  it('reads lists of STS', () => {
    expect(decode('Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.2.Key=c&RoleArn=r')).toEqual({
      Tags: [{ Key: 'a', Value: 'b' }, { Key: 'c' }],
      RoleArn: 'r',
    });
  });

  it('reads lists of EC2 in the order of their numbers', () => {
    expect(decode('Filter.1.Value.2=y&Filter.1.Value.1=x&Filter.1.Name=n&InstanceId.1=i')).toEqual({
      Filter: [{ Name: 'n', Value: ['x', 'y'] }],
      InstanceId: ['i'],
    });
  });

  it('keeps the first of two values, and drops what clashes with it', () => {
    expect(decode('A=1&A=2&A.1=3')).toEqual({ A: '1' });
  });

  it('cannot be used to reach a prototype', () => {
    const read = decode('__proto__.polluted=1&constructor.prototype.polluted=1');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });
});
