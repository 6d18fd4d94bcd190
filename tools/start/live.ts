import { join } from 'node:path';
import { Problem } from '@sallyport/problems';
import { startChild } from './child.ts';
import { repository } from './installation.ts';
import { lockInstallation } from './lock.ts';
import type { Settings } from './settings.ts';

/**
 * On real AWS only the API is started here: its database is a server, its three principals are the SDK's profiles.
 * The API itself refuses what does not belong there.
 */
export async function startLive(
  settings: Settings,
  environment: NodeJS.ProcessEnv,
  onStep: (step: string) => void,
): Promise<{ apiUrl: string; stop(): Promise<void> }> {
  if (!environment.DATABASE_URL)
    throw new Problem('INSTALLATION_NOT_FIT_FOR_LIVE', {
      detail: 'SALLYPORT_AWS=live needs DATABASE_URL: the embedded database is for the sandbox only.',
    });
  const release = lockInstallation(settings.dataDir);
  try {
    onStep('control plane');
    const api = await startChild<{ url: string }>({
      name: 'API',
      args: [join(repository, 'apps/api/dist/main.js')],
      env: {
        ...environment,
        SALLYPORT_DATA: settings.dataDir,
        SALLYPORT_AWS: 'live',
        PORT: String(settings.port),
      },
      cwd: repository,
      logFile: join(settings.dataDir, 'logs/api.log'),
    });
    return { apiUrl: api.ready.url, stop: () => api.stop().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}
