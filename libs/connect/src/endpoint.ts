import { Problem } from '@sallyport/problems';
import { isAwsHost, isRegion, partitionOf } from './partition.ts';

/** Where the Session Manager API and its message gateway are for one lease. */
export interface Endpoint {
  readonly region: string;
  /** Base URL of the SSM API. */
  readonly api: URL;
  /** Set when this is not AWS: then the gateway must have the same host and port. */
  readonly foreign: boolean;
}

export interface EndpointRules {
  /** The endpoint of the person's own configuration (TUNNEL_AWS_ENDPOINT): a PrivateLink name, another AWS name, or no AWS at all. */
  readonly configured?: string | undefined;
  /** Host names of PrivateLink endpoints for the message gateway, from the person's own configuration. */
  readonly gatewayHosts?: readonly string[];
  /** Only endpoints with FIPS 140 validated cryptography. */
  readonly fips?: boolean;
  /** The API's endpoint that speaks IPv4 and IPv6. */
  readonly dualStack?: boolean;
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
  if (!isRegion(region)) throw foreign('The lease names a region that is none.');
  if (rules.configured !== undefined) return configuredEndpoint(rules.configured, region, rules);
  if (lease.endpoint === null)
    return { region, api: new URL(`https://${apiHost(region, rules)}`), foreign: false };
  const named = usable(lease.endpoint);
  if (!isLoopback(rules.controlPlane.hostname) || !isLoopback(named.hostname))
    throw foreign(`The control plane named the AWS endpoint ${named.host}.`);
  return { region, api: named, foreign: true };
}

/** AWS's own host for the SSM API in a region (the rules of the service's SDK, table-tested against it). */
function apiHost(region: string, { fips = false, dualStack = false }: EndpointRules): string {
  const { classic, dualStack: both, alwaysFips } = partitionOf(region);
  const service = fips && !(alwaysFips && !dualStack) ? 'ssm-fips' : 'ssm';
  return `${service}.${region}.${dualStack ? both : classic}`;
}

/** One of AWS's names is held against the region of the lease; any other is the person's own word. */
function configuredEndpoint(text: string, region: string, rules: EndpointRules): Endpoint {
  const api = usable(text);
  if (!isAwsHost(api.hostname)) return { region, api, foreign: true };
  const { alwaysFips } = partitionOf(region);
  const service = awsServiceOf(api.hostname, region);
  if (api.protocol !== 'https:' || api.port !== '' || service === undefined)
    throw foreign(`${api.host} is not where Session Manager of ${region} is.`);
  if (rules.fips && service !== 'ssm-fips' && !alwaysFips)
    throw foreign(`${api.host} is not a FIPS endpoint, and AWS_USE_FIPS_ENDPOINT asks for one.`);
  return { region, api, foreign: false };
}

/** `ssm` or `ssm-fips` for the hosts of the SSM API in a region, PrivateLink ones included; undefined for every other. */
function awsServiceOf(host: string, region: string): string | undefined {
  const { classic, dualStack } = partitionOf(region);
  const [privateLink, name] = /^(vpce-[0-9a-z-]{8,63}\.)?(.+)$/u.exec(host)?.slice(1) ?? [];
  return ['ssm', 'ssm-fips'].find((service) =>
    privateLink === undefined
      ? name === `${service}.${region}.${classic}` || name === `${service}.${region}.${dualStack}`
      : name === `${service}.${region}.vpce.${classic}`,
  );
}

function foreign(detail: string): Problem {
  return new Problem('ENDPOINT_FOREIGN', { detail });
}

function usable(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const encrypted = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !encrypted || url.username || url.password || url.search || url.hash)
    throw foreign('The AWS endpoint is not an https address, or http on this machine.');
  return url;
}

/** Whether a host name can only mean this machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/gu, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/u.test(name);
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
  const refused = (why: string) =>
    new Problem('STREAM_URL_FOREIGN', { detail: `The stream URL ${why}; nothing was sent there.` });
  if (!url) throw refused('is not a URL');
  if (url.username || url.password || url.hash) throw refused('carries a name, a password or a fragment');
  if (endpoint.foreign) {
    const scheme = endpoint.api.protocol === 'https:' ? 'wss:' : 'ws:';
    if (url.protocol !== scheme || url.host !== endpoint.api.host)
      throw refused('leads to another host or port than the endpoint');
  } else {
    if (url.protocol !== 'wss:') throw refused('is not encrypted');
    if (url.port !== '') throw refused('names a port of its own');
    if (!gatewayHosts(endpoint.region, rules).has(url.hostname))
      throw refused(
        rules.fips === true && gatewayHosts(endpoint.region, { ...rules, fips: false }).has(url.hostname)
          ? 'leads to a message gateway without FIPS, which AWS_USE_FIPS_ENDPOINT asks for'
          : 'leads to a host that is not the AWS message gateway',
      );
  }
  if (url.pathname !== `/v1/data-channel/${encodeURIComponent(sessionId)}`)
    throw refused('is not the one of this session');
  if (url.searchParams.get('role') !== 'publish_subscribe') throw refused('has another role than ours');
  return url;
}

/** The gateway of a region by each of its names; with FIPS asked for, only by those. The person's own list is always taken. */
export function gatewayHosts(
  region: string,
  { gatewayHosts: own = [], fips = false }: EndpointRules,
): ReadonlySet<string> {
  const { classic, dualStack, alwaysFips } = partitionOf(region);
  const services = fips && !alwaysFips ? ['ssmmessages-fips'] : ['ssmmessages', 'ssmmessages-fips'];
  const derived = services.flatMap((service) => [
    `${service}.${region}.${classic}`,
    `${service}.${region}.${dualStack}`,
  ]);
  return new Set([...derived, ...own.map((host) => host.toLowerCase())]);
}
