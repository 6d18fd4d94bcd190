import { describe, expect, it } from 'vitest';
import { substitute } from './substitute.ts';

const declared = { host: { default: 'localhost' }, portNumber: {} };

describe('parameters of a session document', () => {
  it('takes what the caller sent, else the default', () => {
    const properties = {
      host: '{{ host }}',
      portNumber: '{{portNumber}}',
      list: ['{{ host }}:{{ portNumber }}'],
    };
    expect(substitute(properties, declared, { portNumber: ['5432'] })).toEqual({
      host: 'localhost',
      portNumber: '5432',
      list: ['localhost:5432'],
    });
  });

  it('never merges: a literal stays, and so does a name that the document does not declare', () => {
    const properties = { host: 'db.internal', type: '{{ other }}' };
    expect(substitute(properties, declared, { host: ['evil'], other: ['evil'] })).toEqual(properties);
  });

  it('does not take names from the prototype', () => {
    expect(substitute('{{ constructor }} {{ toString }}', declared, {})).toBe(
      '{{ constructor }} {{ toString }}',
    );
  });
});
