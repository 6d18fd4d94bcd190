import { entries } from '../catalogue-entry.ts';

/** The privileged helper that opens devices and sets routes, filters and names. */
export const helper = entries({
  HELPER_NOT_INSTALLED: {
    kind: 'local',
    title: 'The privileged helper is not installed.',
    advice: 'Install it once with `sudo tunnel helper install`, or use --via port, which needs no privilege.',
  },
  HELPER_REFUSED: {
    kind: 'local',
    title: 'The privileged helper refused the request.',
    advice: 'Read the reason; `tunnel doctor` shows what the helper sees.',
  },
});
