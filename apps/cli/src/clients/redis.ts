import { join } from 'node:path';
import { authorityOf, type ClientCase, type ClientSettings } from './place.ts';

/** Settings of Redis clients: `redis-cli -u {url}`, or `REDIS_URL` for libraries. With TLS: `--sni {servername} --cacert {ca}`. */
export function redisSettings({ place, folder }: ClientCase): ClientSettings {
  const { tls } = place.resource;
  const url =
    place.socket === null
      ? `${tls ? 'rediss' : 'redis'}://${authorityOf(place)}`
      : `redis+unix://${place.socket}`;
  return {
    url,
    env: {
      REDIS_URL: url,
      ...(place.socket === null ? { REDIS_HOST: place.host, REDIS_PORT: String(place.port) } : {}),
      ...(tls?.ca ? { REDIS_CA: join(folder, 'ca.pem') } : {}),
    },
    clears: (variable) => /^REDIS(?:_|CLI_AUTH$)/u.test(variable),
    files: tls?.ca ? { ca: { name: 'ca.pem', text: tls.ca } } : {},
  };
}
