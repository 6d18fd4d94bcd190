import { Problem } from '@sallyport/problems';

/** Asks the control plane one thing. */
export type Ask = (request: Request, init: { signal: AbortSignal }) => Promise<Response>;

const direct: Ask = (request, { signal }) => fetch(request, { redirect: 'manual', signal });

/**
 * How requests reach the control plane: directly, or through the proxy that HTTPS_PROXY and its relatives in `env` name. What only a proxy needs is loaded
 * only then.
 */
export async function wayTo(address: URL, env: Readonly<Record<string, string | undefined>>): Promise<Ask> {
  if (!Object.keys(env).some((name) => /^(?:https?|all)_proxy$/iu.test(name))) return direct;
  const { proxiesOf } = await import('@sallyport/connect/proxy');
  const proxy = proxiesOf(env)(address);
  return proxy ? through(proxy) : direct;
}

async function through(proxy: URL): Promise<Ask> {
  // By its default: a bundle gives a CommonJS package no other name.
  const { default: undici } = await import('undici');
  const { username, password, origin, host } = proxy;
  const said = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const dispatcher = new undici.ProxyAgent({
    uri: origin,
    ...((username || password) && { token: `Basic ${Buffer.from(said).toString('base64')}` }),
  });
  return async (request, { signal }) => {
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const { method, headers, url } = request;
    try {
      const answer = await undici.fetch(url, {
        ...{ method, headers: [...headers], redirect: 'manual', signal, dispatcher },
        ...(body !== undefined && { body }),
      });
      return answer;
    } catch (error) {
      throw refusalOf(error, host) ?? error;
    }
  };
}

/** What the proxy itself answered, worded as `libs/connect` does; undefined when it was not the proxy that failed. */
function refusalOf(error: unknown, proxy: string): Problem | undefined {
  const status = Number(/Proxy response \((\d+)\)/u.exec(causesOf(error).join(' '))?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) return undefined;
  if (status >= 500)
    return new Problem('PROXY_UNREACHABLE', { detail: `The proxy ${proxy} cannot get on (${status}).` });
  return new Problem('PROXY_REFUSED', {
    detail:
      status === 407
        ? `The proxy ${proxy} asks for a name and a password (407).`
        : `The proxy ${proxy} does not lead there (${status}).`,
  });
}

/** The messages of an error and of what caused it, outermost first. */
function causesOf(error: unknown): string[] {
  const messages: string[] = [];
  for (let at = error; at instanceof Error && messages.length < 8; at = at.cause) messages.push(at.message);
  return messages;
}
