import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '@sallyport/problems';
import type { ProfileName } from './client-settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Profiles = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * On real AWS every principal of this process needs a profile with role credentials: keys that lie in a file and never
 * expire are refused, also where a profile only takes its source from them. Refuses with CONFIGURATION_UNSAFE, naming
 * each profile and no value of it.
 */
export function demandRoleProfiles(principals: readonly ProfileName[], environment: Environment): void {
  const profiles = readProfiles(environment);
  const wrong = principals.flatMap((principal) => objection(`sallyport-${principal}`, profiles) ?? []);
  if (wrong.length > 0)
    throw new Problem('CONFIGURATION_UNSAFE', {
      detail: `SALLYPORT_AWS=live does not go with ${wrong.join(', ')}.`,
    });
}

function objection(name: string, profiles: Profiles): string | undefined {
  const seen = new Set<string>();
  for (let at: string | undefined = name; at !== undefined && !seen.has(at);) {
    seen.add(at);
    const profile = profiles.get(at);
    if (!profile)
      return at === name ? `no AWS profile ${name}` : `no AWS profile ${at}, the source of ${name}`;
    if (profile.has('aws_secret_access_key') && !profile.has('aws_session_token'))
      return `long-lived keys in a file (AWS profile ${at})`;
    at = profile.get('source_profile');
  }
  return undefined;
}

/** The two files of the AWS SDK, one profile each section; what the credentials file says of a profile is added. */
function readProfiles(environment: Environment): Profiles {
  const folder = join(homedir(), '.aws');
  const profiles = new Map<string, Map<string, string>>();
  const files = [
    environment['AWS_CONFIG_FILE'] ?? join(folder, 'config'),
    environment['AWS_SHARED_CREDENTIALS_FILE'] ?? join(folder, 'credentials'),
  ];
  for (const file of files) {
    let profile = new Map<string, string>();
    for (const line of textOf(file).split(/\r?\n/)) {
      const section = /^\s*\[\s*(?:profile\s+)?["']?([^\]"']+?)["']?\s*\]/.exec(line)?.[1];
      if (section !== undefined)
        profiles.set(section, (profile = profiles.get(section) ?? new Map<string, string>()));
      const [, key, value] = /^([a-z_]+)\s*=\s*(.*?)\s*$/i.exec(line) ?? [];
      if (key && value) profile.set(key.toLowerCase(), value);
    }
  }
  return profiles;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new Problem('CONFIGURATION_INVALID', {
      detail: 'A file of AWS profiles cannot be read.',
      cause: error,
    });
  }
}
