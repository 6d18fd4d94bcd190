import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from './child.ts';
import { built, repository, type InstallationOptions } from './installation.ts';

/** What the signer says when it serves: public keys alone. */
export interface SignerReady {
  readonly issuer: string;
  readonly keys: readonly object[];
  readonly keySet: string | null;
}

/** Bytes of a path that every system binds a Unix socket to. */
const socketPathBytesMax = 100;

/** Where the signer listens: beside its keys, or where paths are short when that one is too long for a socket. */
export function signerSocketIn(dataDir: string): string {
  const beside = join(dataDir, 'signer', 'signer.sock');
  if (Buffer.byteLength(beside) <= socketPathBytesMax) return beside;
  const folder = join(tmpdir(), `sallyport-signer-${process.pid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, 'signer.sock');
}

/** Starts the process that holds the signing keys: the API asks it and never sees them. */
export function startSigner(
  options: InstallationOptions,
  socket: string,
  environment: NodeJS.ProcessEnv,
): Promise<Child<SignerReady>> {
  return startChild<SignerReady>({
    name: 'signer',
    args: [
      built('apps/api/dist/signer-main.js'),
      ...['--keys', join(options.dataDir, 'signer'), '--socket', socket],
    ],
    env: { ...environment, ...options.apiEnvironment, SALLYPORT_AWS: 'sandbox' },
    cwd: repository,
    logFile: join(options.dataDir, 'logs/signer.log'),
  });
}
