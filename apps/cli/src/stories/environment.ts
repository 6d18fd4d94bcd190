import { settingsFor, placeVariables } from '../clients/settings-for.ts';
import { exportLines, isShellName, unsetLine } from '../clients/shell-words.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';
import { openPlace, placeOf, type OpenPlace } from './open-place.ts';
import { readResource } from './resources.ts';

/** The variables of an open tunnel: the general ones and those of the resource's own clients. */
export function variablesOf({
  place,
  settings,
}: Pick<OpenPlace, 'place' | 'settings'>): Record<string, string> {
  const { host, port, socket } = place;
  // A network has no one host and port.
  if (host === '' && socket === null) return { ...settings.env };
  return {
    TUNNEL_HOST: host,
    TUNNEL_PORT: String(port),
    TUNNEL_URL: settings.url,
    ...(socket === null ? {} : { TUNNEL_SOCKET: socket }),
    ...placeVariables({ place }, settings.url),
    ...settings.env,
  };
}

/** The answer of `tunnel env` as an object, and as lines for `eval`. */
export async function environmentToPrint(
  world: World,
  server: Server,
  name: string,
): Promise<{ answer: object; lines: string }> {
  const open = await openPlace(world, server, name);
  const variables = variablesOf(open);
  const unset = Object.keys(world.env).filter(
    // What no shell can set it cannot unset either, and `eval` would take it for more than a name.
    (variable) =>
      isShellName(variable) && open.settings.clears(variable) && !Object.hasOwn(variables, variable),
  );
  const { id, state, grantId } = open.tunnel;
  const answer = { id, state, name, grantId, variables, unset, files: open.paths };
  return { answer, lines: [unsetLine(unset), exportLines(variables)].filter(Boolean).join('\n') };
}

/** Names of the variables that `tunnel env` sets for a resource; it need not be open. */
export async function variablesToUnset(server: Server, name: string): Promise<readonly string[]> {
  const place = placeOf(await readResource(server, name), { host: '127.0.0.1', port: 0 });
  // A stand-in for the token, so that the variable that names its file is among them.
  const settings = settingsFor({ place, folder: '/', password: '', publicAuthorities: '/', program: [] });
  return Object.keys(variablesOf({ place, settings }));
}
