import { placeVariables } from '../clients/settings-for.ts';
import type { Guidance } from '../process/run-command.ts';
import { networkVariables } from '../network/variables.ts';
import { variablesOf } from './environment.ts';
import type { OpenTunnel } from './open-tunnel.ts';

/**
 * What a program is told of the tunnels it runs through. The general words and variables are those of the first; those that a client of a later one needs are added unless
 * an earlier one needs them too. `proxy` is the SOCKS listener, where there is one.
 */
export function guidanceFor(tunnels: readonly OpenTunnel[], proxy?: string): Guidance {
  const variables: Record<string, string> = {};
  const words: Record<string, string> = proxy === undefined ? {} : { socks: proxy };
  for (const { place, settings, paths, network } of tunnels) {
    const { host, port, socket, resource } = place;
    if (network) Object.assign(variables, networkVariables(resource.name, network.summary));
    if (network && host === '' && socket === null) {
      words['cidrs'] ??= settings.env['TUNNEL_CIDRS'] ?? '';
      for (const [name, value] of Object.entries(settings.env)) variables[name] ??= value;
      continue;
    }
    const own: Record<string, string> = {
      host,
      port: String(port),
      url: settings.url,
      ...(socket === null ? {} : { socket }),
      servername: resource.tls?.serverName ?? resource.host ?? '',
      ...paths,
    };
    for (const [word, value] of Object.entries(own)) {
      words[word] ??= value;
      words[`${resource.name}.${word}`] = value;
    }
    for (const [name, value] of Object.entries(variablesOf({ place, settings }))) variables[name] ??= value;
    Object.assign(variables, placeVariables({ place }, settings.url));
  }
  // curl and most HTTP libraries take it from here.
  if (proxy !== undefined) Object.assign(variables, { ALL_PROXY: proxy, TUNNEL_SOCKS: proxy });
  return {
    variables,
    words,
    clears: (variable) => tunnels.some(({ settings }) => settings.clears(variable)),
  };
}
