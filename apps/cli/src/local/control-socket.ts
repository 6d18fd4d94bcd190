import { chmod, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { directoriesOf } from '../settings/directories.ts';
import { makePrivateDirectory } from '../settings/private-files.ts';
import type { World } from '../world.ts';

/** What a running tunnel answers to. */
export type ControlCommand = 'status' | 'stop';

export interface ControlStatus {
  readonly state: string;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly grantId: string;
  readonly sessionId: string;
}

const lineBytesMax = 4096;
const answerWithinMs = 3_000;

/**
 * Listens on a Unix socket (0600 in a 0700 folder, so only the same person reaches it). One JSON line
 * `{"version":1,"command":"stop"}` in, one line of status out; `stop` is answered when the tunnel is down.
 */
export async function listenForControl(
  world: World,
  serve: (command: ControlCommand) => Promise<ControlStatus>,
): Promise<{ path: string; close(): Promise<void> }> {
  const directory = directoriesOf(world).runtime;
  await makePrivateDirectory(directory, world);
  // Short: the path of a Unix socket holds 107 bytes.
  const path = join(
    directory,
    `${world.pid}-${Buffer.from(world.effects.random.bytes(4)).toString('hex')}.sock`,
  );
  const server = createServer((socket) => {
    let received = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      received += text;
      if (received.length > lineBytesMax) return socket.destroy();
      const command = commandOf(received);
      if (command === undefined) return;
      received = '';
      serve(command).then(
        (status) => socket.end(JSON.stringify({ version: 1, ...status }) + '\n'),
        () => socket.destroy(),
      );
    });
  });
  await listen(server, path);
  await chmod(path, 0o600);
  const close = async () => {
    await new Promise<void>((done) => server.close(() => done()));
    await unlink(path).catch(() => undefined);
  };
  return { path, close };
}

function listen(server: NetServer, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

function commandOf(text: string): ControlCommand | undefined {
  const [line, rest] = text.split('\n', 2);
  if (rest === undefined) return undefined;
  try {
    const asked = JSON.parse(line ?? '') as { version?: number; command?: string };
    return asked.version === 1 && (asked.command === 'stop' || asked.command === 'status')
      ? asked.command
      : undefined;
  } catch {
    // Not from us; the sender waits in vain and goes.
    return undefined;
  }
}

/** Asks a running tunnel; undefined when nobody listens there any more. */
export function askTunnel(
  world: World,
  path: string,
  command: ControlCommand,
): Promise<ControlStatus | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    let received = '';
    const timer = world.effects.timers.after(command === 'stop' ? 4 * answerWithinMs : answerWithinMs, () =>
      socket.destroy(),
    );
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(JSON.stringify({ version: 1, command }) + '\n'));
    socket.on('data', (text: string) => (received += text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      world.effects.timers.cancel(timer);
      resolve(statusOf(received));
    });
  });
}

function statusOf(text: string): ControlStatus | undefined {
  try {
    return JSON.parse(text) as ControlStatus;
  } catch {
    // No answer, or half of one: the process died.
    return undefined;
  }
}
