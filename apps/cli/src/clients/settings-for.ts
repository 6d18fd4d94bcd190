import { httpSettings } from './http.ts';
import { kubernetesSettings } from './kubernetes.ts';
import { mysqlSettings } from './mysql.ts';
import { authorityOf, type ClientCase, type ClientSettings, type ReachedResource } from './place.ts';
import { postgresqlSettings } from './postgresql.ts';
import { redisSettings } from './redis.ts';
import { sshSettings } from './ssh.ts';

const byProtocol: Readonly<Record<string, (given: ClientCase) => ClientSettings>> = {
  postgresql: postgresqlSettings,
  mysql: mysqlSettings,
  redis: redisSettings,
  http: httpSettings,
  kubernetes: kubernetesSettings,
  ssh: sshSettings,
};

/** What the clients of a resource need to reach it through its tunnel. */
export function settingsFor(given: ClientCase): ClientSettings {
  const { protocol } = given.place.resource;
  const make = protocol && Object.hasOwn(byProtocol, protocol) ? byProtocol[protocol] : undefined;
  return make ? make(given) : plainSettings(given);
}

function plainSettings({ place }: ClientCase): ClientSettings {
  const { protocol } = place.resource;
  const address = place.socket ?? authorityOf(place);
  return {
    url: protocol ? `${protocol}://${address}` : address,
    env: {},
    clears: () => false,
    files: {},
  };
}

/** Whether the password of a resource is a token that has to be signed for each run. */
export function wantsToken({ database }: Pick<ReachedResource, 'database'>): boolean {
  return database?.auth === 'iam';
}

/** Variables that tell any program where the tunnel is; for one of several also under the resource's name. */
export function placeVariables(
  { place: { host, port, socket, resource } }: Pick<ClientCase, 'place'>,
  url: string,
): Record<string, string> {
  const own = `TUNNEL_${resource.name.toUpperCase().replace(/[^A-Z0-9]/gu, '_')}_`;
  const words: Record<string, string> = { HOST: host, PORT: String(port), URL: url };
  if (socket !== null) words['SOCKET'] = socket;
  return Object.fromEntries(Object.entries(words).map(([word, value]) => [own + word, value]));
}
