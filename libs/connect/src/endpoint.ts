import { Problem } from '@sallyport/problems';

/** Where the Session Manager API and its message gateway are for one lease. */
export interface Endpoint {
  readonly region: string;
  /** Base URL of the SSM API. */
  readonly api: URL;
  /** Set when this is not AWS: then the gateway must have the same host and port. */
  readonly foreign: boolean;
}

export interface EndpointRules {
  /** The non-AWS endpoint of the person's own configuration (TUNNEL_AWS_ENDPOINT). */
  readonly configured?: string;
  /** Host names of PrivateLink endpoints for the message gateway, from the person's own configuration. */
  readonly gatewayHosts?: readonly string[];
  /** Where the control plane is; one on this machine may name an endpoint on this machine. */
  readonly controlPlane: URL;
}

/**
 * Decides where to sign for. AWS's own endpoint is derived from the region. Another one is accepted only from the person's own configuration, or from a
 * control plane on this machine for this machine; refuses others with ENDPOINT_FOREIGN before anything is signed.
 */
export function endpointFor(
  lease: { region: string; endpoint: string | null },
  rules: EndpointRules,
): Endpoint {
  const { region } = lease;
  if (!/^[a-z]{2}(?:-[a-z]+)+-\d$/u.test(region))
    throw new Problem('ENDPOINT_FOREIGN', { detail: 'The lease names a region that is none.' });
  if (rules.configured !== undefined) return { region, api: usable(rules.configured), foreign: true };
  if (lease.endpoint === null)
    return { region, api: new URL(`https://ssm.${region}.${domainOf(region).classic}`), foreign: false };
  const named = usable(lease.endpoint);
  if (!isLoopback(rules.controlPlane.hostname) || !isLoopback(named.hostname))
    throw new Problem('ENDPOINT_FOREIGN', {
      detail: `The control plane named the AWS endpoint ${named.host}.`,
    });
  return { region, api: named, foreign: true };
}

function usable(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const encrypted = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !encrypted || url.username || url.password || url.search || url.hash)
    throw new Problem('ENDPOINT_FOREIGN', {
      detail: 'The AWS endpoint is not an https address, or http on this machine.',
    });
  return url;
}

/** Whether a host name can only mean this machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/gu, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/u.test(name);
}

/** DNS suffixes of a region's partition (AWS partitions, botocore's partitions.json, 2026-06). */
function domainOf(region: string): { classic: string; dualStack: string } {
  if (region.startsWith('cn-'))
    return { classic: 'amazonaws.com.cn', dualStack: 'api.amazonwebservices.com.cn' };
  if (region.startsWith('us-isob-')) return { classic: 'sc2s.sgov.gov', dualStack: 'api.aws.scloud' };
  if (region.startsWith('us-iso-')) return { classic: 'c2s.ic.gov', dualStack: 'api.aws.ic.gov' };
  return { classic: 'amazonaws.com', dualStack: 'api.aws' };
}

/**
 * Checks the stream URL of StartSession or ResumeSession before anything is signed for it or sent to it. Refuses with STREAM_URL_FOREIGN unless
 * scheme, host, port, path and session are exactly those of this region's message gateway (or of the foreign endpoint).
 */
export function checkStreamUrl(
  text: string,
  sessionId: string,
  endpoint: Endpoint,
  rules: EndpointRules,
): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const foreign = (why: string) =>
    new Problem('STREAM_URL_FOREIGN', { detail: `The stream URL ${why}; nothing was sent there.` });
  if (!url) throw foreign('is not a URL');
  if (url.username || url.password || url.hash) throw foreign('carries a name, a password or a fragment');
  if (endpoint.foreign) {
    const scheme = endpoint.api.protocol === 'https:' ? 'wss:' : 'ws:';
    if (url.protocol !== scheme || url.host !== endpoint.api.host)
      throw foreign('leads to another host or port than the endpoint');
  } else {
    if (url.protocol !== 'wss:') throw foreign('is not encrypted');
    if (url.port !== '') throw foreign('names a port of its own');
    if (!gatewayHosts(endpoint.region, rules).has(url.hostname))
      throw foreign('leads to a host that is not the AWS message gateway');
  }
  if (url.pathname !== `/v1/data-channel/${encodeURIComponent(sessionId)}`)
    throw foreign('is not the one of this session');
  if (url.searchParams.get('role') !== 'publish_subscribe') throw foreign('has another role than ours');
  return url;
}

function gatewayHosts(region: string, { gatewayHosts: own = [] }: EndpointRules): ReadonlySet<string> {
  const { classic, dualStack } = domainOf(region);
  const derived = ['ssmmessages', 'ssmmessages-fips'].flatMap((service) => [
    `${service}.${region}.${classic}`,
    `${service}.${region}.${dualStack}`,
  ]);
  return new Set([...derived, ...own.map((host) => host.toLowerCase())]);
}
