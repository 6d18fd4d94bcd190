import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** What a client program wrote and how it ended. */
export interface ClientRun {
  readonly code: number;
  /** Bytes and SHA-256 of standard output. */
  readonly bytes: number;
  readonly sha256: string;
  /** The beginning of standard output, as text. */
  readonly head: string;
  readonly stderr: string;
}

export interface ClientInput {
  /** What goes to its standard input; nothing by default. */
  readonly input?: Readable | Iterable<Uint8Array>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Takes lines away that differ from run to run before the digest is made. The output must be text then. */
  readonly leaveOut?: RegExp;
}

/** Runs a client program to its end with a clean environment, and digests what it writes. */
export async function client(
  program: string,
  args: readonly string[],
  options: ClientInput = {},
): Promise<ClientRun> {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: '/nonexistent', ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A client that ends before it has read everything is judged by its exit code.
  child.stdin.on('error', () => undefined);
  void feed(child.stdin, options.input as AsyncIterable<Uint8Array> | undefined);
  const hash = createHash('sha256');
  let bytes = 0;
  let head = '';
  let stderr = '';
  const kept: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (head.length < 4096) head += chunk.toString('utf8');
    if (options.leaveOut === undefined) hash.update(chunk);
    else kept.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  if (options.leaveOut !== undefined)
    hash.update(Buffer.concat(kept).toString('latin1').replace(options.leaveOut, ''));
  return { code: code ?? 128, bytes, sha256: hash.digest('hex'), head, stderr };
}

async function feed(
  stdin: Writable,
  input: Iterable<Uint8Array> | AsyncIterable<Uint8Array> | undefined,
): Promise<void> {
  for await (const chunk of input ?? []) if (!stdin.write(chunk)) await once(stdin, 'drain');
  stdin.end();
}
