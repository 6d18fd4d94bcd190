import { readConfiguration, type Configuration } from '../configuration.ts';

/** Settings for a test: any free port, no site, silent; `given` wins. */
export function aConfiguration(given: Partial<Configuration> = {}): Configuration {
  return {
    ...readConfiguration({ SALLYPORT_LOG_LEVEL: 'silent', SALLYPORT_WEB_ROOT: '/nonexistent', PORT: '0' }),
    ...given,
  };
}
