import { expect, it } from 'vitest';
import { usageLine } from './usage-line.ts';

const commands = { which: 'listed' as const, listed: [{ name: 'restart', run: 'systemctl restart web' }] };

it.each([
  [{ name: 'prod-rds', kind: 'database' as const }, 'tunnel connect prod-rds'],
  [{ name: 'prod-vpc', kind: 'subnet' as const, ssh: null, shell: null }, 'tunnel connect prod-vpc'],
  [{ name: 'prod-eks', kind: 'cluster' as const }, 'tunnel connect prod-eks'],
  [{ name: 'web-1', kind: 'ssh' as const }, 'tunnel ssh web-1'],
  [
    { name: 'web-1-shell', kind: 'shell' as const, shell: { login: true, commands } },
    'tunnel shell web-1-shell',
  ],
  [
    { name: 'tasks', kind: 'shell' as const, shell: { login: false, commands } },
    'tunnel exec tasks -- restart',
  ],
  [
    {
      name: 'tasks',
      kind: 'shell' as const,
      shell: { login: false, commands: { which: 'any' as const, listed: [] } },
    },
    'tunnel exec tasks -- COMMAND',
  ],
  // What refers to a shell tells its kind alone: most of them give one.
  [{ name: 'web-1-shell', kind: 'shell' as const }, 'tunnel shell web-1-shell'],
])('%j is used by: %s', (resource, line) => {
  expect(usageLine(resource)).toBe(line);
});
