import { checkAws } from '../diagnosis/aws-checks.ts';
import { Findings, type Finding } from '../diagnosis/finding.ts';
import { checkResource } from '../diagnosis/resource-checks.ts';
import { clockAgainst, liveChannel, serverAnswer, tokenFile } from '../diagnosis/server-checks.ts';
import type { Debug } from '../output/debug.ts';
import type { Server } from '../server/server.ts';
import { serverAddress } from '../settings/server-address.ts';
import type { World } from '../world.ts';

type ServerAs = (address: URL, token: string | undefined) => Promise<Server>;

/** Runs every check, with names those of these resources too, and never throws: what fails is a finding with its code. */
export async function examine(
  world: World,
  serverAs: ServerAs,
  debug: Debug,
  names: readonly string[],
): Promise<readonly Finding[]> {
  const findings = new Findings();
  const server = await checkServer(findings, world, serverAs, debug);
  const { checkNetworks } = await import('../diagnosis/network-checks.ts');
  await checkNetworks(findings, world);
  if (server) {
    await checkAws(findings, server, world);
    for (const name of names) await checkResource(findings, server, world, name);
  }
  return findings.items;
}

/** The control plane, when somebody is signed in to it. */
async function checkServer(
  findings: Findings,
  world: World,
  serverAs: ServerAs,
  debug: Debug,
): Promise<Server | undefined> {
  const address = await findings.check('server address', async () => {
    const url = serverAddress(world.env);
    return [url.origin, url];
  });
  if (!address) return undefined;
  const signIn = await findings.check('token file', () => tokenFile(world, address));
  const server = await serverAs(address, signIn?.token);
  const answer = await findings.check('server', () => serverAnswer(server, world));
  if (!answer) return undefined;
  await findings.check('clock', async () => clockAgainst(world, answer));
  if (!signIn) {
    findings.skip('sign-in', 'nobody is signed in: tunnel login');
    return undefined;
  }
  const me = await findings.check('sign-in', async () => {
    const found = await server.api.readMe();
    return [`signed in as ${found.email}`, found];
  });
  if (!me) return undefined;
  await findings.check('live channel', () => liveChannel(server, world, debug));
  return server;
}
