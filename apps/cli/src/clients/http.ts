import { authorityOf, type ClientCase, type ClientSettings } from './place.ts';

/** Address of a web resource. With TLS the name matters: `curl --connect-to {servername}:443:{host}:{port} https://{servername}/`. */
export function httpSettings({ place }: ClientCase): ClientSettings {
  const { tls } = place.resource;
  const url =
    place.socket === null
      ? `${tls ? 'https' : 'http'}://${authorityOf(place)}/`
      : `http+unix://${encodeURIComponent(place.socket)}/`;
  return {
    url,
    env: {},
    clears: () => false,
    files: tls?.ca ? { ca: { name: 'ca.pem', text: tls.ca } } : {},
  };
}
