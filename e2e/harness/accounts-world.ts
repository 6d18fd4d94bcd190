import { writeWorld, type WrittenWorld } from '../../apps/sandbox/test/world/written-world.ts';

const described = {
  ...{ title: 'Web server 1, everybody as themselves', description: 'For tests.', environment: 'staging' },
  ...{ team: 'web', gateway: 'web-1', ownAccount: true, connectable: true },
  recording: { recorded: false, statement: 'The amount of traffic is recorded.' },
};
/** An SSH host and a shell where everybody is themselves. */
export const ownResources = [
  { name: 'web-1-own', kind: 'ssh', ...described },
  { name: 'web-1-own-shell', kind: 'shell', ...described, commands: 'any', encryption: 'none', logs: 'none' },
];

/** The newcomer's world with these. The folder is the caller's to remove. */
export function accountsWorld(): WrittenWorld {
  return writeWorld({ base: 'usual', resources: ownResources });
}
