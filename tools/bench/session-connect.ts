import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../start/build.ts';
import { repository, startInstallation, type Installation } from '../start/installation.ts';
import { atMostFigure, median, type Figure } from './figure.ts';
import { Echo } from './session-echo.ts';

const rounds = 5;
const world = join(repository, 'apps/sandbox/test/world');
const bin = join(repository, 'apps/cli/bin/run.js');

/**
 * `connect_first_byte_ms`: from typing `tunnel connect NAME` (with a grant) to the first byte of the resource through the local port. The whole product
 * runs: API, database, sandbox at the pace of AWS's own agent, and the built command line. Beside a plain TCP connection's first byte.
 */
export async function connectToFirstByte(plainPort: number): Promise<Figure> {
  await build(repository);
  const home = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const remove = () => rmSync(home, { recursive: true, force: true });
  process.once('exit', remove);
  const product = await startInstallation({
    dataDir: join(home, 'data'),
    port: 0,
    environment: process.env,
    sandboxArgs: ['--world', join(world, 'transfer.yaml')],
    apiEnvironment: { SALLYPORT_CATALOG: join(world, 'transfer-catalog.yaml') },
  });
  try {
    const laptop = laptopOf(product, home);
    await signIn(laptop, product);
    // Asks for the grant, and is not measured.
    await firstByte(laptop);
    const times: number[] = [];
    const plain: number[] = [];
    while (times.length < rounds) {
      times.push(await firstByte(laptop));
      const begun = performance.now();
      const direct = await Echo.on(plainPort);
      plain.push(performance.now() - begun);
      direct.close();
    }
    return atMostFigure('connect_first_byte_ms', median(times), 'ms', median(plain), { value: 1_500 });
  } finally {
    await product.stop();
    remove();
  }
}

/** Environment of a person's shell, with folders of its own. */
function laptopOf({ apiUrl }: Installation, home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    TUNNEL_SERVER: apiUrl,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_RUNTIME_DIR: join(home, 'run'),
  };
}

async function signIn(env: NodeJS.ProcessEnv, { accounts }: Installation): Promise<void> {
  const login = spawn(process.execPath, [bin, 'login', '--token-stdin'], {
    env,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  login.stdin.end(`${accounts.find(({ name }) => name === 'engineer')?.token}\n`);
  const [code] = (await once(login, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`tunnel login ended with ${code}`);
}

/** Milliseconds of one `tunnel connect` up to the first byte; ends the tunnel again. */
async function firstByte(env: NodeJS.ProcessEnv): Promise<number> {
  const begun = performance.now();
  const wish = ['connect', 'test-bulk', '--for', '30m', '--reason', 'benchmark', '--json'];
  const tunnel = spawn(process.execPath, [bin, ...wish], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = once(tunnel, 'exit');
  let said = '';
  let complaint = '';
  tunnel.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
  const port = await new Promise<number>((resolve, reject) => {
    tunnel.stdout.on('data', (bytes: Buffer) => {
      const found = /"port":\s*(\d+)/u.exec((said += bytes.toString()));
      if (found) resolve(Number(found[1]));
    });
    gone.then(() => reject(new Error(`tunnel connect ended: ${complaint.slice(-500)}`)), reject);
  });
  const echo = await Echo.on(port);
  const took = performance.now() - begun;
  echo.close();
  tunnel.kill('SIGINT');
  await gone;
  return took;
}
