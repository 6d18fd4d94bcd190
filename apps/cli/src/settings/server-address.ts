import { Problem } from '@sallyport/problems';

const defaultAddress = 'http://localhost:3000';

/** Whether a host name can only mean this machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/gu, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/u.test(name);
}

/** Origin of the control plane from TUNNEL_SERVER. A token never travels unencrypted to another machine. */
export function serverAddress(env: Readonly<Record<string, string | undefined>>): URL {
  const written = env['TUNNEL_SERVER']?.trim() || defaultAddress;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (
    !url ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username ||
    url.password ||
    url.search ||
    url.hash
  )
    throw new Problem('SERVER_ADDRESS_INVALID', { detail: 'TUNNEL_SERVER is not an http(s) address.' });
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new Problem('SERVER_INSECURE', { detail: `TUNNEL_SERVER names ${url.hostname} without https.` });
  url.pathname = url.pathname.replace(/\/+$/u, '').replace(/\/api$/u, '') || '/';
  return url;
}
