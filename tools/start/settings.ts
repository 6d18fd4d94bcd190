import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { Problem } from '@sallyport/problems';

/** What the environment asks for. */
export interface Settings {
  readonly port: number;
  readonly dataDir: string;
  readonly mode: 'sandbox' | 'live';
  /** Whether the start builds what is out of date; SALLYPORT_BUILD=none takes what is built as it is. */
  readonly build: boolean;
}

/** Reads PORT (default 3000), SALLYPORT_DATA (default .data in the clone), SALLYPORT_AWS and SALLYPORT_BUILD; refuses what it cannot read. */
export function readSettings(environment: NodeJS.ProcessEnv, repository: string): Settings {
  const portText = environment.PORT || '3000';
  const port = Number(portText);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Problem('INSTALLATION_PORT_INVALID', { detail: `PORT is "${portText}".` });
  const mode = environment.SALLYPORT_AWS || 'sandbox';
  if (mode !== 'sandbox' && mode !== 'live')
    throw new Problem('INSTALLATION_MODE_INVALID', { detail: `SALLYPORT_AWS is "${mode}".` });
  const building = environment.SALLYPORT_BUILD || 'stale';
  if (building !== 'stale' && building !== 'none')
    throw new Problem('INSTALLATION_BUILD_INVALID', { detail: `SALLYPORT_BUILD is "${building}".` });
  return {
    port,
    mode,
    build: building === 'stale',
    dataDir: resolve(repository, environment.SALLYPORT_DATA || '.data'),
  };
}

/** Refuses with `INSTALLATION_PORT_TAKEN` before anything is started, rather than at the end of a long start. */
export function assertPortFree(port: number): Promise<void> {
  return new Promise((done, refuse) => {
    const probe = createServer();
    probe.once('error', (cause) =>
      refuse(
        new Problem('INSTALLATION_PORT_TAKEN', {
          detail: `Something already listens on 127.0.0.1:${port}.`,
          cause,
        }),
      ),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => done()));
  });
}
