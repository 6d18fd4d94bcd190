import { expect, it } from 'vitest';
import { changeForm } from './messages.ts';

it('lets a client name no listener on a port of the machine, which would be closed to all other users', () => {
  const change = (listener: number) => ({
    type: 'change',
    routeGrants: ['token'],
    listeners: [{ to: '10.0.0.0/16', ports: [1, 65_535], proto: 'tcp', listener }],
    dns: { names: [], suffixes: [], listener },
  });
  expect(changeForm.safeParse(change(1024)).success).toBe(true);
  const refused = changeForm.safeParse(change(1023));
  expect(refused.error?.issues.map(({ path }) => path.join('.'))).toEqual([
    'listeners.0.listener',
    'dns.listener',
  ]);
});
