import { join } from 'node:path';

/** Where the helper's own copy, its trust and its service lie. */
export interface Places {
  /** Node, the bundle and the native part. */
  readonly program: string;
  readonly etc: string;
  readonly run: string;
  /** The service's file, or null where this system has no service manager we know. */
  readonly service: { readonly kind: 'systemd' | 'launchd'; readonly path: string } | null;
}

export const defaultPrefix = { linux: '/usr/local', darwin: '/Library' } as const;
export const serviceName = 'sallyport-helper';
export const launchdLabel = 'app.sallyport.helper';

/** The places below a prefix; `root` moves everything, for tests and for images. */
export function placesFor(
  system: 'linux' | 'darwin',
  options: { prefix?: string; root?: string; hasServices: boolean },
): Places {
  const at = (path: string) => join(options.root ?? '/', path);
  const prefix = options.prefix ?? defaultPrefix[system];
  const mac = system === 'darwin';
  const path = mac
    ? `/Library/LaunchDaemons/${launchdLabel}.plist`
    : `/etc/systemd/system/${serviceName}.service`;
  return {
    program: at(join(prefix, mac ? 'Sallyport' : 'libexec/sallyport')),
    etc: at('/etc/sallyport'),
    run: at(mac ? '/var/run/sallyport' : '/run/sallyport'),
    service: options.hasServices ? { kind: mac ? 'launchd' : 'systemd', path: at(path) } : null,
  };
}

/** The command line of the service: absolute paths alone. */
export function serviceCommand({ program, etc, run }: Places): string[] {
  return [join(program, 'node'), join(program, 'helper.mjs'), 'serve', '--etc', etc, '--run', run];
}
