/** The part of `route` that goes through the sandbox at the pace of AWS's own agent: one download over eight sessions, beside one over one. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentReach, type AgentTokens } from '@sallyport/connect/agent';
import { systemEffects } from '@sallyport/effects/system';
import { thumbprint, signAgentToken, signerOf, type PrivateKey } from '@sallyport/grant-token';
import { transfer } from './bulk-transfer.ts';
import { Child } from './child.ts';
import { median, rateFigure, type Bench, type Figure } from './figure.ts';
import { openTunnel, startSandbox } from './session-world.ts';

const mebibyte = 1024 * 1024;
const sessions = 8;
const rounds = 3;
const bytesOverOne = 3 * mebibyte;
const bytesOverEight = 16 * mebibyte;
const noSignal = () => new AbortController().signal;

/** `stripe8_over_1`. */
export async function stripeFigures(): Promise<readonly Figure[]> {
  await using agent = await Child.start('tools/bench/stripe-agent.ts', []);
  const {
    port = 0,
    service = 0,
    signingKey,
  } = agent.ready as { port?: number; service?: number; signingKey: PrivateKey };
  await using direct = await startSandbox({ paced: true, world: worldWith(service) });
  await using toAgent = await startSandbox({ paced: true, world: worldWith(port) });
  const one = await openTunnel(direct.child, 1);
  const eight = await openTunnel(toAgent.child, sessions);
  const reach = await AgentReach.open({
    tunnel: eight,
    agentTokens: await tokensOf(signingKey),
    effects: systemEffects(),
    whileDown: 'wait',
  });
  // The sessions come with the load.
  while (reach.carriers.length < sessions) await download(reach, 2 * mebibyte);
  const rates = { one: [] as number[], eight: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    rates.one.push(bytesOverOne / mebibyte / (await transfer(one.port, 'down', bytesOverOne)));
    rates.eight.push(bytesOverEight / mebibyte / (await download(reach, bytesOverEight)));
  }
  reach.close();
  await Promise.all([one.close(), eight.close()]);
  return [rateFigure('stripe8_over_1', median(rates.eight), 'MiB/s', median(rates.one), 6)];
}

/** `stripe`: that figure alone. */
export const stripe: Bench = {
  title:
    'one download over eight sessions by the companion agent, at the pace of AWS, beside one over one session',
  run: stripeFigures,
};

/** The sandbox's world with a TCP service of this machine as its only destination. */
function worldWith(port: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-world-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const world = join(import.meta.dirname, 'world');
  const text = readFileSync(join(world, 'session.yaml'), 'utf8');
  const pointed = text.replace('{ kind: bulk }', `{ kind: tcp, port: ${port} }`);
  if (pointed === text) throw new Error('the world of sessions has another form');
  writeFileSync(join(folder, 'session.yaml'), pointed);
  writeFileSync(join(folder, 'session-catalog.yaml'), readFileSync(join(world, 'session-catalog.yaml')));
  return join(folder, 'session.yaml');
}

/** Tokens as the control plane would give them. */
async function tokensOf(signingKey: PrivateKey): Promise<AgentTokens> {
  const signer = await signerOf(signingKey);
  let given = 0;
  return async (publicKey) => {
    const now = Math.floor(Date.now() / 1000);
    const token = await signAgentToken(
      {
        iss: 'bench',
        aud: 'agt_bench',
        jti: `tok_${++given}`,
        sub: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
        usr: 'prs_bench',
        nbf: now - 1,
        exp: now + 58,
        cnf: { jkt: await thumbprint(publicKey) },
        allow: [{ cidr: '10.0.5.0/24', ports: [[9000, 9000]], proto: 'tcp' }],
        suffixes: [],
        max_streams: 16,
      },
      signer,
    );
    return { token };
  };
}

/** One download; seconds. */
async function download(reach: AgentReach, bytes: number): Promise<number> {
  const stream = await reach.openTcp({ address: '10.0.5.9', port: 9000 }, noSignal());
  const begun = performance.now();
  let received = 0;
  stream.write(`DOWN ${bytes}\n`);
  for await (const chunk of stream) {
    received += (chunk as Buffer).length;
    if (received >= bytes) break;
  }
  const seconds = (performance.now() - begun) / 1000;
  if (!stream.destroyed) {
    stream.destroy();
    await once(stream, 'close');
  }
  return seconds;
}
