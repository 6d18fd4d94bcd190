import type { OwnCredentials } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The credentials that the AWS CLI itself would use: the keys of the environment, unless a profile was named beside them, else the profile by the chain of AWS's own SDK.
 * Refuses with PLUGIN_CREDENTIALS_MISSING, without the chain's words: a credential process may have said anything.
 */
export async function ownCredentials(
  env: Environment,
  { profile, region }: { readonly profile: string; readonly region: string },
): Promise<OwnCredentials> {
  const keys = keysOf(env, profile);
  if (keys) return keys;
  try {
    const { defaultProvider } = await import('./credential-chain.ts');
    const find = defaultProvider({ ...(profile !== '' && { profile }), clientConfig: { region } });
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await find();
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  } catch {
    const detail =
      profile === ''
        ? 'No AWS credentials were found.'
        : 'No AWS credentials were found for the profile that the AWS CLI named.';
    throw new Problem('PLUGIN_CREDENTIALS_MISSING', { detail });
  }
}

function keysOf(env: Environment, profile: string): OwnCredentials | undefined {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  // The CLI names the profile of the environment as if it had been asked for; keys go before that one, and only before that one.
  const named = profile !== '' && profile !== (env['AWS_DEFAULT_PROFILE'] || env['AWS_PROFILE']);
  if (!accessKeyId || !secretAccessKey || named) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: env['AWS_SESSION_TOKEN'] || env['AWS_SECURITY_TOKEN'] || undefined,
  };
}
