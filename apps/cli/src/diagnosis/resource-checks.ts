import { preferredPorts } from '@sallyport/connect';
import type { Grant, LogDestination, Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { isFree } from '../local/free-port.ts';
import type { Server } from '../server/server.ts';
import { activeGrants } from '../stories/grants.ts';
import { reachedLines } from '../output/reached.ts';
import { readResource } from '../stories/resources.ts';
import { localTunnels } from '../stories/running-tunnels.ts';
import type { World } from '../world.ts';
import type { Findings } from './finding.ts';

/** The oldest agent that opens a port of another host (AWS Systems Manager user guide, 2026: AWS-StartPortForwardingSessionToRemoteHost). */
const agentOldest = [3, 1, 1374, 0];

/** Everything between this machine and one resource: catalogue, grant, gateway, local port, and with a grant a real session that is closed again. */
export async function checkResource(
  findings: Findings,
  server: Server,
  world: World,
  name: string,
): Promise<void> {
  const resource = await findings.check(name, async () => {
    const found = await readResource(server, name);
    if (!found.connectable)
      throw new Problem('RESOURCE_NOT_CONNECTABLE', {
        detail: found.notConnectable?.reason ?? `${name} cannot be connected to yet.`,
      });
    return [`${found.kind}: ${reachedLines(found)[0]}`, found];
  });
  if (!resource) return;
  await findings.check('gateway', async () => gatewayOf(resource));
  if (resource.shell) await checkShellLog(findings, server, resource);
  if (resource.kind !== 'shell')
    await findings.advise('local port', async () => [await localPort(world, resource), undefined]);
  let grant: Grant | undefined;
  try {
    grant = (await activeGrants(server)).find((held) => held.resource.name === name);
  } catch (error) {
    return void (await findings.check('session', () => Promise.reject(error as Error)));
  }
  if (!grant) return findings.skip('session', `you hold no grant to try it with: tunnel request ${name}`);
  const { trial, untried } = await import('./trial.ts');
  const why = untried(resource);
  if (why !== undefined) return findings.skip('session', why);
  const agent = await findings.check('session', () => trial(server, world, { resource, grant }));
  if (agent !== undefined) await findings.check('agent', async () => [agentAge(agent), undefined]);
}

function gatewayOf({ name, gateway }: Resource): [string, undefined] {
  const { instanceId, state } = gateway;
  if (state === 'lost' || state === 'stopped')
    throw new Problem('GATEWAY_OFFLINE', {
      detail: `${name}: the SSM agent of ${instanceId ?? 'its gateway'} is ${state === 'lost' ? 'not connected' : 'stopped'}.`,
    });
  return [`${instanceId ?? 'chosen with each lease'} is ${state}`, undefined];
}

interface LogWrong {
  readonly code: 'SESSION_LOG_MISSING' | 'SESSION_LOG_UNENCRYPTED';
  readonly detail: (place: string) => string;
}

/** What keeps a shell from being logged, by the answer of the control plane. */
const logWrongs: Readonly<Record<string, LogWrong>> = {
  missing: { code: 'SESSION_LOG_MISSING', detail: (place) => `There is no ${place}.` },
  unencrypted: { code: 'SESSION_LOG_UNENCRYPTED', detail: (place) => `No KMS key encrypts ${place}.` },
};

/** Where the instance logs what the shell shows. What AWS does not tell us is a warning: the instance may write all the same. */
async function checkShellLog(findings: Findings, server: Server, { name }: Resource): Promise<void> {
  let destination: LogDestination;
  try {
    destination = await server.api.readLogDestination(name);
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    return void (await findings.advise('shell log', () => Promise.reject(reason)));
  }
  const { logs, state, detail } = destination;
  if (logs === null)
    return void (await findings.check('shell log', async () => ['nothing is logged', undefined]));
  const place = logs.to === 's3' ? `bucket ${logs.place}` : `log group ${logs.place}`;
  if (state === 'notChecked')
    return findings.skip(
      'shell log',
      `${place} is not looked at: ${detail ?? 'only the instance may see it'}`,
    );
  const wrong = logWrongs[state];
  if (state !== 'ready' && !wrong)
    return findings.skip('shell log', `${place} is ${state}, which this version of tunnel does not know`);
  await findings.check('shell log', async () => {
    if (wrong) throw new Problem(wrong.code, { detail: wrong.detail(place) });
    return [`${place} is there, encrypted`, undefined];
  });
}

/** Says where the resource will listen. Refuses with LOCAL_PORT_TAKEN, naming what happens then. */
async function localPort(world: World, resource: Resource): Promise<string> {
  const open = (await localTunnels(world)).find(({ name }) => name === resource.name);
  if (open) return `open already: ${open.url ?? ''}`;
  const [wanted = 0, ...others] = preferredPorts(resource);
  if (await isFree(wanted)) return `127.0.0.1:${wanted} is free`;
  const next = (await Promise.all(others.map((port) => isFree(port)))).indexOf(true);
  throw new Problem('LOCAL_PORT_TAKEN', {
    detail: `Port ${wanted} is taken by another program; ${next < 0 ? 'any free one' : others[next]} will be used instead.`,
  });
}

/** Says how old an agent is. Refuses with GATEWAY_AGENT_OLD; one that tells no version is taken as it is. */
export function agentAge(version: string): string {
  const parts = version.split('.').map(Number);
  if (version === '' || parts.some(Number.isNaN)) return 'the agent tells no version';
  const older = agentOldest.map((part, at) => (parts[at] ?? 0) - part).find((difference) => difference !== 0);
  if (older !== undefined && older < 0)
    throw new Problem('GATEWAY_AGENT_OLD', {
      detail: `The agent is ${version}; ports of other hosts need ${agentOldest.join('.')} or newer.`,
    });
  return `the SSM agent is ${version}`;
}
