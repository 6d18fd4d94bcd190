import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { Problem } from '@sallyport/problems';
import { ZodError } from 'zod';
import type { Log } from '@sallyport/effects';
import type { Operation } from './operations.ts';
import { lineBytesMax, questionForm, type Answer } from './socket-form.ts';

/**
 * Answers questions on a Unix socket that only this user may open (mode 0600). The folder should be private too. A
 * socket file left over from before is replaced.
 */
export async function servePrincipal(
  operations: Readonly<Record<string, Operation>>,
  socketPath: string,
  log: Log,
): Promise<Server> {
  rmSync(socketPath, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => void serveOne(socket, operations, log));
  // The file exists from this call on, so its mode must be right before anybody can look.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, resolve);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(socketPath, 0o600);
  return server;
}

async function serveOne(
  socket: Socket,
  operations: Readonly<Record<string, Operation>>,
  log: Log,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  const line = await readLine(socket).catch(() => undefined);
  if (line === undefined) return void socket.destroy();
  socket.end(`${JSON.stringify(await answerTo(line, operations, log))}\n`);
}

async function answerTo(
  line: string,
  operations: Readonly<Record<string, Operation>>,
  log: Log,
): Promise<Answer> {
  try {
    const { operation, input } = questionForm.parse(JSON.parse(line));
    const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    if (!run) throw new Problem('AWS_TARGET_UNKNOWN', { detail: 'This principal does not do that.' });
    return { ok: true, output: await run(input) };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, code: error.code, detail: error.detail };
    const known = error instanceof ZodError || error instanceof SyntaxError;
    log.write('error', 'question not answered', { error: error instanceof Error ? error.name : 'unknown' });
    return { ok: false, code: known ? 'INPUT_INVALID' : 'INTERNAL_ERROR' };
  }
}

/** The first line that arrives. Rejects when the other side ends without one or says too much. */
async function readLine(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Kept open afterwards: the answer goes out on the same connection.
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const end = chunk.indexOf(0x0a);
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
    bytes += chunk.length;
    if (bytes > lineBytesMax) throw new Error('line too long');
    if (end >= 0) return Buffer.concat(chunks).toString('utf8');
  }
  throw new Error('no line');
}
