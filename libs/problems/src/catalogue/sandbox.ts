import { entries } from '../catalogue-entry.ts';

export const sandbox = entries({
  SANDBOX_WORLD_INVALID: {
    kind: 'local',
    title: 'The world file of the sandbox is not valid.',
    advice: 'Mend the field named; config/world.yaml shows the form.',
  },
  SANDBOX_OPTION_INVALID: {
    kind: 'invalid',
    title: 'The sandbox was started with options it does not have.',
    advice: 'Start it with --data DIR --port N, and see apps/sandbox/README.md for the switches.',
  },
});
