import type { Agent } from 'node:http';
// @ts-expect-error -- the package comes without types
import { getProxyForUrl } from 'proxy-from-env';
import { Problem } from '@sallyport/problems';
import { isLoopback } from './endpoint.ts';

const addressOfProxy = getProxyForUrl as (target: URL) => string;

/** The HTTP proxy that leads to a target; undefined when it is reached directly. */
export type Proxies = (target: URL) => URL | undefined;

export type Variables = Readonly<Record<string, string | undefined>>;

/** All variables that say something of proxies, in either case. */
const variableNames = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY', 'WSS_PROXY', 'WS_PROXY'].flatMap(
  (name) => [name, name.toLowerCase()],
);

/** For tests and for whoever knows that there is none. */
export const noProxies: Proxies = () => undefined;

/**
 * The proxies of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (either case). This machine itself is never reached by one: a proxy elsewhere could not.
 * Refuses with CONNECTION_SETTING_INVALID an address that is none.
 */
export const proxiesOfEnvironment: Proxies = (target) => proxyAmong(process.env, target);

/** The same by the variables of a terminal, for a process that works for several at once. */
export function proxiesOf(env: Variables): Proxies {
  return (target) => proxyAmong(env, target);
}

function proxyAmong(env: Variables, target: URL): URL | undefined {
  if (isLoopback(target.hostname)) return undefined;
  const http = new URL(target.href);
  // A WebSocket goes the way of the HTTP request it begins as.
  if (http.protocol === 'wss:') http.protocol = 'https:';
  if (http.protocol === 'ws:') http.protocol = 'http:';
  const text = env === process.env ? addressOfProxy(http) : withVariables(env, () => addressOfProxy(http));
  if (text === '') return undefined;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  // Told without the text: it may hold a password.
  if (!proxy || !['http:', 'https:'].includes(proxy.protocol) || proxy.hostname === '' || !readable(proxy))
    throw new Problem('CONNECTION_SETTING_INVALID', {
      detail:
        'The proxy of the environment (HTTPS_PROXY, ALL_PROXY) is not an http or https address, or its password is not percent-encoded.',
    });
  return proxy;
}

/** The library reads the environment of the process and nothing else. Nobody else runs meanwhile: it answers at once. */
function withVariables<T>(env: Variables, ask: () => T): T {
  const own = variableNames.map((name) => [name, process.env[name]] as const);
  try {
    for (const name of variableNames) setVariable(name, env[name]);
    return ask();
  } finally {
    for (const [name, value] of own) setVariable(name, value);
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

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
