import type { Agent } from 'node:http';
// @ts-expect-error -- the package comes without types
import { getProxyForUrl } from 'proxy-from-env';
import { Problem } from '@sallyport/problems';
import { isLoopback } from './endpoint.ts';

const addressOfProxy = getProxyForUrl as (target: URL) => string;

/** The HTTP proxy that leads to a target; undefined when it is reached directly. */
export type Proxies = (target: URL) => URL | undefined;

/** For tests and for whoever knows that there is none. */
export const noProxies: Proxies = () => undefined;

/**
 * The proxies of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (either case). This machine itself is never reached by one: a proxy elsewhere could not.
 * Refuses with CONNECTION_SETTING_INVALID an address that is none.
 */
export const proxiesOfEnvironment: Proxies = (target) => {
  if (isLoopback(target.hostname)) return undefined;
  const http = new URL(target.href);
  // A WebSocket goes the way of the HTTP request it begins as.
  if (http.protocol === 'wss:') http.protocol = 'https:';
  if (http.protocol === 'ws:') http.protocol = 'http:';
  const text = addressOfProxy(http);
  if (text === '') return undefined;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  // Told without the text: it may hold a password.
  if (!proxy || !['http:', 'https:'].includes(proxy.protocol) || proxy.hostname === '' || !readable(proxy))
    throw new Problem('CONNECTION_SETTING_INVALID', {
      detail:
        'The proxy of the environment (HTTPS_PROXY, ALL_PROXY) is not an http or https address, or its password is not percent-encoded.',
    });
  return proxy;
};

/** Whether name and password can be decoded: a bare percent sign has to be written %25. */
function readable({ username, password }: URL): boolean {
  try {
    return decodeURIComponent(username + password) !== undefined;
  } catch {
    return false;
  }
}

/** What Node's HTTP client is given to reach a target: an agent that goes through the proxy, or undefined. */
export async function agentThrough(proxies: Proxies, target: URL): Promise<Agent | undefined> {
  const proxy = proxies(target);
  if (!proxy) return undefined;
  // Loaded only where there is a proxy: most people have none, and starting is to be quick.
  const { agentOf } = await import('./proxy-agent.ts');
  return agentOf(proxy);
}
