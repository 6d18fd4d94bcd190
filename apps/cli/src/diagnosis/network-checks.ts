import { Problem } from '@sallyport/problems';
import type { HelperConnection, HelperStatus } from '@sallyport/tunnel/helper-messages';
import { sayClock } from '../output/duration.ts';
import { foundHow } from '../output/network-lines.ts';
import { localTunnels, type LiveTunnel } from '../stories/running-tunnels.ts';
import type { World } from '../world.ts';
import { Findings, type Finding } from './finding.ts';

/** How the helper is reached; the real one when left out. */
type Connect = (path: string | undefined) => Promise<HelperConnection>;

/** The privileged helper with everything it has put into the system, as the system's own programs show it, and what went through. */
export async function checkNetworks(findings: Findings, world: World, connect?: Connect): Promise<void> {
  const status = await helperStatus(findings, world, connect);
  if (status) tellSets(findings, status, world.effects.clock.now());
  for (const tunnel of await localTunnels(world)) tellTraffic(findings, tunnel);
}

async function helperStatus(
  findings: Findings,
  world: World,
  connect?: Connect,
): Promise<HelperStatus | undefined> {
  const reach = connect ?? (await import('../network/this-system.ts')).thisSystem.helper;
  let helper: HelperConnection;
  try {
    helper = await reach(world.env['TUNNEL_HELPER_SOCKET'] || undefined);
  } catch (error) {
    if (error instanceof Problem && error.code === 'HELPER_NOT_INSTALLED') {
      findings.skip(
        'helper',
        'not there; only --via tun and --via filter need it: sudo tunnel helper install',
      );
      return undefined;
    }
    await findings.advise('helper', async () => {
      throw error;
    });
    return undefined;
  }
  try {
    return await findings.check('helper', async () => {
      const status = await helper.status();
      return [helperText(status), status];
    });
  } finally {
    await helper.close();
  }
}

type Told = Omit<HelperStatus, 'type'>;

function helperText({ version, issuers, swept }: Told): string {
  const trusts = issuers.map(({ issuer, fingerprints }) => `${issuer} (${fingerprints.join(', ')})`);
  const removed = swept.length > 0 ? `; removed at its start: ${swept.join(', ')}` : '';
  return `version ${version}, believes ${trusts.join(', ') || 'nobody'}${removed}`;
}

/** The helper and each of its sets, as a person reads them. */
export function setFindings(status: Told, now: number): readonly Finding[] {
  const findings = new Findings();
  findings.tell('helper', helperText(status));
  tellSets(findings, status, now);
  return findings.items;
}

function tellSets(findings: Findings, { sets }: Pick<Told, 'sets'>, now: number): void {
  for (const { device, via, grants, endsAt, sections } of sets) {
    const left = sayClock((endsAt - now) / 1000);
    const lines = sections.flatMap(({ title, command, lines: printed }) => [
      `${title}: ${command}`,
      ...printed.map((line) => `  ${line}`),
    ]);
    findings.tell(device ?? via, `${grants.join(', ')}, ${left} left`, lines);
  }
}

/** Counters of one tunnel that has a network. */
function tellTraffic(findings: Findings, { name, network }: LiveTunnel): void {
  if (!network) return;
  const { device, via, flows, packets, drops, excluded, names, dns, proxy } = network;
  const dropped = Object.entries(drops).map(([reason, count]) => `${reason} ${count}`);
  findings.tell(`network ${name}`, `by ${device ?? proxy ?? via}: ${flows} open, ${packets} packets`, [
    `dropped: ${dropped.join(', ') || 'none'}`,
    `names: ${names.length === 0 ? 'none' : `${names.join(', ')} (${foundHow({ via, dns })})`}`,
    ...(excluded.length > 0 ? [`outside: ${excluded.join(', ')}`] : []),
  ]);
}
