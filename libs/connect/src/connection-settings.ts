import { Problem } from '@sallyport/problems';
import type { EndpointRules } from './endpoint.ts';

/** What the person's environment says about the way to AWS. */
export type ConnectionSettings = Pick<EndpointRules, 'configured' | 'gatewayHosts' | 'fips' | 'dualStack'>;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT (the names the AWS tools share), TUNNEL_AWS_ENDPOINT and TUNNEL_AWS_GATEWAY_HOSTS.
 * Refuses with CONNECTION_SETTING_INVALID what cannot be meant. Proxies are read elsewhere, by target.
 */
export function connectionSettings(env: Environment): ConnectionSettings {
  return {
    configured: env['TUNNEL_AWS_ENDPOINT'] || undefined,
    gatewayHosts: (env['TUNNEL_AWS_GATEWAY_HOSTS'] ?? '')
      .split(',')
      .map((host) => host.trim())
      .filter(Boolean)
      .map(hostName),
    fips: truth(env, 'AWS_USE_FIPS_ENDPOINT'),
    dualStack: truth(env, 'AWS_USE_DUALSTACK_ENDPOINT'),
  };
}

function truth(env: Environment, name: string): boolean {
  const text = (env[name] ?? '').toLowerCase();
  if (text === 'true') return true;
  if (text === 'false' || text === '') return false;
  throw new Problem('CONNECTION_SETTING_INVALID', { detail: `${name} is neither true nor false.` });
}

function hostName(text: string): string {
  if (text.length <= 253 && /^(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)+$/iu.test(text)) return text.toLowerCase();
  throw new Problem('CONNECTION_SETTING_INVALID', {
    detail: 'TUNNEL_AWS_GATEWAY_HOSTS holds something that is not a bare host name.',
  });
}
