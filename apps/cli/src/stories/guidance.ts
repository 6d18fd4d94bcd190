import { handOver, type HandingOver } from '../clients/handed-over.ts';
import { placeVariables } from '../clients/settings-for.ts';
import type { Guidance } from '../process/run-command.ts';
import { variablesOf } from './environment.ts';

/**
 * What a program is told of the tunnels it runs through. The general words and variables are those of the first; those that a client of a later one needs are added unless
 * an earlier one needs them too.
 */
export async function guidanceFor(tunnels: readonly HandingOver[]): Promise<Guidance> {
  const variables: Record<string, string> = {};
  const words: Record<string, string> = {};
  const clears: ((variable: string) => boolean)[] = [];
  for (const tunnel of tunnels) {
    const { settings, paths } = await handOver(tunnel);
    const { place } = tunnel;
    const { host, port, socket, resource } = place;
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
    clears.push(settings.clears);
  }
  return { variables, words, clears: (variable) => clears.some((clear) => clear(variable)) };
}
