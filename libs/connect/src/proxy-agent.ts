import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { Problem } from '@sallyport/problems';

type ConnectOptions = Parameters<HttpsProxyAgent<string>['connect']>[1];

interface ProxyAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
}

/** An agent whose requests go through the proxy by CONNECT, one connection each. Its problems: PROXY_REFUSED, PROXY_UNREACHABLE. */
export function agentOf(proxy: URL): ProxyAgent {
  const { username, password } = proxy;
  const bare = new URL(proxy.href);
  bare.username = '';
  bare.password = '';
  if (!username && !password) return new ProxyAgent(bare, {});
  // Name and password travel as a header only: in the address they would be told by whoever prints it.
  const said = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return new ProxyAgent(bare, {
    'proxy-authorization': `Basic ${Buffer.from(said).toString('base64')}`,
  });
}

/** The library's agent, with its failures worded as ours. */
export class ProxyAgent extends HttpsProxyAgent<string> {
  constructor(proxy: URL, headers: Record<string, string>) {
    super(proxy, { headers });
  }

  override async connect(request: ClientRequest, options: ConnectOptions): Promise<Socket> {
    let answer: ProxyAnswer | undefined;
    const answered = (seen: ProxyAnswer) => (answer = seen);
    request.once('proxyConnect', answered);
    const { host } = this.proxy;
    let socket: Socket;
    try {
      socket = await super.connect(request, options);
    } catch (cause) {
      throw new Problem('PROXY_UNREACHABLE', { detail: `The proxy ${host} does not answer.`, cause });
    } finally {
      request.off('proxyConnect', answered);
    }
    if (answer === undefined || answer.statusCode === 200) return socket;
    socket.destroy();
    throw refusal(host, answer.statusCode);
  }
}

function refusal(proxy: string, status: number): Problem {
  if (status === 407)
    return new Problem('PROXY_REFUSED', {
      detail: `The proxy ${proxy} asks for a name and a password (407).`,
    });
  // The proxy is there but cannot get on: the way behind it may come back.
  if (status >= 500)
    return new Problem('PROXY_UNREACHABLE', { detail: `The proxy ${proxy} cannot get on (${status}).` });
  return new Problem('PROXY_REFUSED', { detail: `The proxy ${proxy} does not lead there (${status}).` });
}
