import { isIP } from 'node:net';
import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import { preferredPorts, type ListenWish } from '@sallyport/connect';
import type { Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { clean } from '../output/text.ts';
import { isLoopback } from '../settings/server-address.ts';
import type { World } from '../world.ts';

/** Where a tunnel is to be reached on this machine. */
export type ListenAt =
  /** A port of `host` (default 127.0.0.1): the one given, else the one that belongs to the resource's name, else any free one. */
  | { readonly on: 'port'; readonly host?: string; readonly port?: number }
  /** A Unix socket. */
  | { readonly on: 'socket'; readonly path: string }
  /** Nowhere of its own: programs come through the SOCKS listener at this address. */
  | { readonly on: 'socks'; readonly proxy: string }
  /** Nowhere: the one connection is that of the process itself. */
  | { readonly on: 'stdio' };

/** The wish in the terms of the library; several ports are tried in order. */
export function listenWish(
  at: ListenAt,
  resource: Pick<Resource, 'name' | 'environment' | 'port'>,
): ListenWish {
  if (at.on === 'socket') return at;
  if (at.on === 'socks' || at.on === 'stdio') return { on: 'nothing' };
  const { host, port } = at;
  return {
    on: 'ports',
    ...(host === undefined ? {} : { host }),
    ports: port === undefined ? [...preferredPorts(resource), 0] : [port],
  };
}

/** The port that people expect for a resource, when none was chosen. */
export function expectedPort(
  at: ListenAt,
  resource: Pick<Resource, 'name' | 'environment' | 'port'>,
): number | undefined {
  return at.on === 'port' && at.port === undefined ? preferredPorts(resource)[0] : undefined;
}

/**
 * The address to bind to, once it is certain that the person wants it: loopback without a question, any other after a yes. Refuses with LOCAL_ADDRESS_INVALID, and with
 * BIND_NOT_CONFIRMED where nobody can be asked.
 */
export async function confirmedBind(
  world: World,
  written: string,
  names: readonly string[],
  confirmed: boolean,
): Promise<string> {
  const address = written === 'localhost' ? '127.0.0.1' : written.replace(/^\[(.*)\]$/u, '$1');
  if (isIP(address) === 0)
    throw new Problem('LOCAL_ADDRESS_INVALID', {
      detail: `"${clean(written).slice(0, 60)}" is not an IP address.`,
    });
  if (isLoopback(address) || confirmed) return address;
  const risk = `anybody who reaches ${address} reaches ${names.map(clean).join(', ')} as you`;
  if (!world.stdin.isTTY)
    throw new Problem('BIND_NOT_CONFIRMED', { detail: `With --bind ${address} ${risk}.` });
  const answer = await (await world.prompts()).text(`With --bind ${address} ${risk}. Type yes to go on`);
  if (!/^y(?:es)?$/iu.test(answer.trim()))
    throw new Problem('BIND_NOT_CONFIRMED', { detail: 'It was not confirmed.' });
  return address;
}

/** Longest path of a Unix socket that Linux and macOS both take, in bytes. */
const socketPathBytesMax = 103;

/** The path of the socket: in a folder it is named as the resource's clients expect. Refuses one that is too long with LOCAL_SOCKET_TAKEN's sibling FILE_UNUSABLE. */
export async function socketPath(
  written: string,
  resource: Pick<Resource, 'name' | 'protocol' | 'port'>,
  workingFolder: string,
): Promise<string> {
  const absolute = written.startsWith('/') ? written : join(workingFolder, written);
  const isFolder =
    written.endsWith('/') || (await stat(absolute).catch(() => undefined))?.isDirectory() === true;
  const file =
    resource.protocol === 'postgresql' ? `.s.PGSQL.${resource.port ?? 5432}` : `${resource.name}.sock`;
  const path = isFolder ? join(absolute, file) : absolute;
  if (Buffer.byteLength(path) > socketPathBytesMax)
    throw new Problem('FILE_UNUSABLE', {
      detail: `${clean(path)} is too long for a socket (${socketPathBytesMax} bytes).`,
    });
  return path;
}
