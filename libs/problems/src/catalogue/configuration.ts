import { entries } from '../catalogue-entry.ts';

export const configuration = entries({
  CONFIGURATION_INVALID: {
    kind: 'invalid',
    title: 'The settings are not valid.',
    advice: 'Mend the variables named and start again.',
  },
  CONFIGURATION_UNSAFE: {
    kind: 'refused',
    title: 'These settings are for trying the product, not for real AWS.',
    advice: 'Take away what is named, or start without SALLYPORT_AWS=live.',
  },
});
