import { entries } from '../catalogue-entry.ts';

export const installation = entries({
  INSTALLATION_IN_USE: {
    kind: 'local',
    title: 'Sallyport already runs in this data directory.',
    advice: 'Stop the other one, or set SALLYPORT_DATA (and PORT) to start a second beside it.',
  },
  INSTALLATION_PORT_TAKEN: {
    kind: 'local',
    title: 'The port of the dashboard is taken.',
    advice: 'Set PORT to a free one, for example PORT=3001 npm start.',
  },
  INSTALLATION_PORT_INVALID: {
    kind: 'invalid',
    title: 'PORT is not a TCP port.',
    advice: 'Set PORT to a number from 1 to 65535.',
  },
  INSTALLATION_MODE_INVALID: {
    kind: 'invalid',
    title: 'SALLYPORT_AWS is neither sandbox nor live.',
    advice: 'Leave it out for the sandbox, or set it to live for real AWS.',
  },
  INSTALLATION_BUILD_INVALID: {
    kind: 'invalid',
    title: 'SALLYPORT_BUILD is neither stale nor none.',
    advice:
      'Leave it out to have built what is out of date, or set it to none to take what is built as it is.',
  },
  INSTALLATION_NOT_FIT_FOR_LIVE: {
    kind: 'invalid',
    title: 'This installation is not fit for real AWS.',
    advice: 'Mend each point named; docs/runbooks has the list.',
  },
  PART_START_FAILED: {
    kind: 'local',
    title: 'A part of the product did not start.',
    advice: 'Its words stand above, its whole log in the data directory under logs.',
  },
  PART_NOT_BUILT: {
    kind: 'local',
    title: 'A part of the product is not built.',
    advice: 'Run npm start, which builds first, or npm run build.',
  },
});
