import { devNull, hostname } from 'node:os';
import { systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { type InputStream, type OutputStream, type World } from '../world.ts';
import { homeAndShell } from './home-and-shell.ts';
import { systemTerminal } from './system-terminal.ts';

declare const TUNNEL_VERSION: string | undefined;

/** Version of the bundle; from source there is none. */
const version = typeof TUNNEL_VERSION === 'string' ? TUNNEL_VERSION : '0.0.0-source';

/** The process we are, and a way to wait until everything written has left it. */
export function systemWorld(): World & { flushed(): Promise<void> } {
  // Somebody who listens for signals has something to end in order.
  let listening = 0;
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A closed terminal (EIO) or a reader that left must not end a tunnel half-way: what is said from now on is lost, and the signal that comes with a
      // hang-up ends it in order.
      if (listening > 0) return;
      // The reader of a pipe may leave first (`tunnel ls | head -1`): that ends our output, it is not a failure.
      process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  const env = { ...process.env };
  const home = homeAndShell();
  forgetAwsSettings();
  return {
    env,
    home,
    uid: process.getuid?.(),
    pid: process.pid,
    hostName: hostname(),
    version,
    stdin: inputOf(process.stdin),
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    effects: systemEffects(),
    bytes: () => ({ from: process.stdin, to: process.stdout, errors: process.stderr }),
    terminal: systemTerminal,
    prompts: async () => (await import('./prompts.ts')).terminalPrompts,
    promptsBeside: async () => (await import('./prompts-beside.ts')).promptsBeside(),
    onSignal: (listener) => {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      const called = signals.map((signal) => [signal, () => listener(signal)] as const);
      for (const [signal, call] of called) process.on(signal, call);
      listening += 1;
      let stopped = false;
      return () => {
        if (stopped) return;
        stopped = true;
        listening -= 1;
        for (const [signal, call] of called) process.off(signal, call);
      };
    },
    endNow: (code) => process.exit(code),
    flushed: async () => {
      await Promise.all(
        [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))),
      );
    },
  };
}

/**
 * A lease is the only AWS credential this program uses. Profiles, keys and endpoints of the person's own are out of reach of the SDK in this
 * process; programs run through a tunnel still get them.
 */
function forgetAwsSettings(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env['AWS_CONFIG_FILE'] = devNull;
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = devNull;
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
}

function outputOf(stream: NodeJS.WriteStream): OutputStream {
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns;
    },
    write: (text) => void stream.write(text),
  };
}

function inputOf(stream: NodeJS.ReadStream): InputStream {
  return {
    isTTY: stream.isTTY === true,
    readAll: async (bytesMax) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > bytesMax)
          throw new Problem('INPUT_INVALID', { detail: 'Standard input holds too much.' });
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}
