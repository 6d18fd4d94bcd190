import { connectionSettings, endpointFor } from '@sallyport/connect';
import type { Server } from '../server/server.ts';
import { isLoopback } from '../settings/server-address.ts';
import type { World } from '../world.ts';
import { clockAgainst } from './server-checks.ts';
import type { Findings } from './finding.ts';
import { probe } from './probe.ts';

/** Whether the two AWS endpoints of a region answer, and what their clock says. Nothing is signed or sent there. */
export async function checkAws(findings: Findings, server: Server, world: World): Promise<void> {
  const regions = await findings.check('resources', async () => {
    const { items } = await server.api.listResources();
    const connectable = items.filter((resource) => resource.connectable);
    return [
      `${connectable.length} of ${items.length} can be connected to`,
      [...new Set(connectable.map(({ region }) => region))],
    ];
  });
  const settings = await findings.check('aws settings', async () => {
    const found = connectionSettings(world.env);
    const told = Object.entries(found).filter(
      ([, value]) => value && (!Array.isArray(value) || value.length > 0),
    );
    return [
      told.length > 0 ? told.map(([key, value]) => `${key}: ${String(value)}`).join(', ') : 'the usual ones',
      found,
    ];
  });
  if (!regions || !settings) return;
  // On a machine with the sandbox the endpoint comes with the lease.
  if (!settings.configured && isLoopback(server.address.hostname))
    return findings.skip('aws endpoints', 'the control plane on this machine names them with each lease');
  for (const region of regions) {
    const api = await findings.check(`ssm ${region}`, async () => {
      const { api: url } = endpointFor(
        { region, endpoint: null },
        { controlPlane: server.address, ...settings },
      );
      const answer = await probe(url);
      return [
        `${url.host} answers${answer.proxy ? `, by way of the proxy ${answer.proxy}` : ''}`,
        { url, answer },
      ];
    });
    if (!api) continue;
    await findings.check('clock at AWS', async () => clockAgainst(world, api.answer));
    if (settings.configured) continue;
    await findings.check(`ssmmessages ${region}`, async () => {
      const host = settings.gatewayHosts?.[0] ?? api.url.hostname.replace(/^ssm(?=[.-])/u, 'ssmmessages');
      await probe(new URL(`https://${host}/`));
      return [`${host} answers`, undefined];
    });
  }
}
