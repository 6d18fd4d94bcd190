import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { programEnvironment } from '../edge/programs.ts';
import { launchdLabel, serviceName, type Places } from './places.ts';

const run = promisify(execFile);

/** Calls of the service manager, in order. */
export function startCalls({ service }: Places): string[][] {
  if (service?.kind === 'systemd')
    return [
      ['/usr/bin/systemctl', 'daemon-reload'],
      ['/usr/bin/systemctl', 'enable', `${serviceName}.service`],
      ['/usr/bin/systemctl', 'restart', `${serviceName}.service`],
    ];
  return service === null ? [] : [['/bin/launchctl', 'bootstrap', 'system', service.path]];
}

/** Before a new start on macOS, and before the files go. */
export function stopCalls({ service }: Places): string[][] {
  if (service?.kind === 'systemd')
    return [['/usr/bin/systemctl', 'disable', '--now', `${serviceName}.service`]];
  return service === null ? [] : [['/bin/launchctl', 'bootout', `system/${launchdLabel}`]];
}

/** Whether the service runs, and what its manager said when it does not. */
export interface Started {
  readonly started: boolean;
  readonly trouble?: string;
}

/** Starts the service anew. Where there is no service manager, or it refuses, the person runs `serve` in their own way. */
export async function startService(places: Places): Promise<Started> {
  if (places.service === null) return { started: false };
  if (places.service.kind === 'launchd') await stopService(places);
  try {
    for (const call of startCalls(places)) await called(call);
    return { started: true };
  } catch (cause) {
    return {
      started: false,
      trouble: String((cause as Error).message)
        .trim()
        .slice(0, 300),
    };
  }
}

/** Stops it; that it did not run is no failure. */
export async function stopService(places: Places): Promise<void> {
  for (const call of stopCalls(places)) await called(call).catch(() => undefined);
}

async function called([program = '', ...args]: readonly string[]): Promise<void> {
  await run(program, args, { env: programEnvironment, timeout: 30_000 });
}
