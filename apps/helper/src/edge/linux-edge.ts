import { readFile } from 'node:fs/promises';
import {
  deviceLines,
  difference,
  isOurPreference,
  isOurTable,
  listenersOfProc,
  openTun,
  routeLines,
  routeProtocol,
  routesOf,
  ruleLines,
  slot,
  sweepLines,
  withVerb,
  SystemCallError,
  type EdgePlan,
  type ExistingRoute,
  type LibC,
  type Listener,
  type OpenDevice,
} from '@sallyport/tunnel/edge/privileged';
import { Problem } from '@sallyport/problems';
import type { DnsState, Edge, Section, StandingSet } from './edge.ts';
import type { LinuxNames } from './linux-names.ts';
import { NftTable } from './nft-table.ts';
import type { Programs } from './programs.ts';

/** Linux: a TUN device, a routing table with rules for one user, an owned nftables table, systemd-resolved or /etc/hosts. */
export class LinuxEdge implements Edge {
  readonly framing = null;
  readonly #programs: Programs;
  readonly #names: LinuxNames;
  readonly #libc: LibC;

  constructor(programs: Programs, names: LinuxNames, libc: LibC) {
    this.#programs = programs;
    this.#names = names;
    this.#libc = libc;
  }

  async existingRoutes(): Promise<ExistingRoute[]> {
    const found = await Promise.all(
      ([4, 6] as const).map(async (version) => {
        const { stdout } = await this.#programs.run('ip', [
          '-j',
          `-${version}`,
          'route',
          'show',
          'table',
          'all',
        ]);
        return routesOf(stdout, version);
      }),
    );
    // Sets of ours are known to the registry, which also knows whose they are.
    return found.flat().filter(({ table }) => !isOurTable(Number(table)));
  }

  async listeners(): Promise<Listener[]> {
    const read = async (proto: 'tcp' | 'udp', file: string) =>
      listenersOfProc(await readFile(`/proc/net/${file}`, 'utf8').catch(withoutFamily), proto);
    const kinds = [read('tcp', 'tcp'), read('tcp', 'tcp6'), read('udp', 'udp'), read('udp', 'udp6')];
    return (await Promise.all(kinds)).flat();
  }

  resolverUid(): Promise<number | null> {
    return this.#names.resolverUid();
  }

  async raise(plan: EdgePlan): Promise<StandingSet> {
    const standing = new LinuxSet(plan, this.#programs, this.#names, this.#libc);
    try {
      await standing.raise();
      return standing;
    } catch (cause) {
      await standing.drop();
      throw cause;
    }
  }

  async sweep(): Promise<string[]> {
    const swept = await this.#names.sweep().catch((cause: unknown) => [`/etc/hosts: ${String(cause)}`]);
    const found = new Map<number, string[]>();
    const note = (number: number, what: string) => found.set(number, [...(found.get(number) ?? []), what]);
    const { stdout: links } = await this.#programs.run('ip', ['-j', 'link']);
    for (const { ifname } of JSON.parse(links || '[]') as { ifname: string }[]) {
      const number = /^sally(\d+)$/.exec(ifname)?.[1];
      if (number !== undefined) note(Number(number), `device ${ifname}`);
    }
    for (const family of ['-4', '-6']) {
      const { stdout } = await this.#programs.run('ip', ['-j', family, 'rule']);
      for (const { priority, table } of JSON.parse(stdout || '[]') as { priority: number; table?: string }[])
        if (isOurPreference(priority) && isOurTable(Number(table)))
          note(Number(table) - slot(0).table, `rule ${priority} (${family.slice(1)})`);
      const routes = await this.#programs.run('ip', [
        '-j',
        family,
        'route',
        'show',
        'table',
        'all',
        'proto',
        String(routeProtocol),
      ]);
      for (const { table } of JSON.parse(routes.stdout || '[]') as { table?: string }[])
        if (isOurTable(Number(table))) note(Number(table) - slot(0).table, `routes of table ${table}`);
    }
    for (const [number, what] of found) {
      await ipLines(this.#programs, sweepLines(slot(number)), true);
      swept.push(...new Set(what));
    }
    return swept;
  }
}

/** A kernel without IPv6 has no table of it. */
function withoutFamily(cause: unknown): string {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
  throw cause;
}

class LinuxSet implements StandingSet {
  plan: EdgePlan;
  dns: DnsState = { how: 'none', details: [] };
  readonly #programs: Programs;
  readonly #names: LinuxNames;
  readonly #libc: LibC;
  #device: OpenDevice | null = null;
  #table: NftTable | null = null;

  constructor(plan: EdgePlan, programs: Programs, names: LinuxNames, libc: LibC) {
    this.plan = plan;
    this.#programs = programs;
    this.#names = names;
    this.#libc = libc;
  }

  /** The filter comes before the routes, and the rules last: nothing goes in before everything that guards it stands. */
  async raise(): Promise<void> {
    const { plan } = this;
    if (plan.via === 'tun') this.#device = openedTun(this.#libc, plan);
    this.#table = await NftTable.make(this.#programs, plan);
    await ipLines(this.#programs, [
      ...(plan.via === 'tun' ? deviceLines(plan) : []),
      ...routeLines(plan).map((line) => withVerb(line, 'add')),
      ...ruleLines(plan).map((line) => withVerb(line, 'add')),
    ]);
    this.dns = await this.#names.set(plan);
  }

  descriptor(): number | null {
    return this.#device?.fd ?? null;
  }

  async change(plan: EdgePlan): Promise<void> {
    const before = this.plan;
    await this.#table?.replace(plan);
    await ipLines(this.#programs, [
      ...difference(routeLines(before), routeLines(plan)),
      ...difference(ruleLines(before), ruleLines(plan)),
    ]);
    this.plan = plan;
    this.dns = await this.#names.set(plan);
  }

  releaseDescriptor(): void {
    if (this.#device !== null) this.#libc.close(this.#device.fd);
    this.#device = null;
  }

  async drop(): Promise<void> {
    this.releaseDescriptor();
    await this.#names.clear(this.plan.slot.device).catch(() => undefined);
    await ipLines(this.#programs, sweepLines(this.plan.slot), true);
    await this.#table?.close();
    this.#table = null;
  }

  rules(): readonly string[] {
    return [
      ...ruleLines(this.plan).map((line) => `ip ${withVerb(line, 'add')}`),
      `nft table inet ${this.plan.slot.filterTable}`,
    ];
  }

  async report(): Promise<Section[]> {
    const { device, table, filterTable } = this.plan.slot;
    const sections: Section[] = [];
    const section = async (title: string, name: 'ip' | 'nft', args: string[], keep = (_: string) => true) => {
      const said = await this.#programs.run(name, args).then(
        ({ stdout }) => stdout,
        (problem: unknown) => (problem instanceof Problem ? problem.detail : ''),
      );
      const lines = said.split('\n').filter((line) => line !== '' && keep(line));
      sections.push({ title, command: `${name} ${args.join(' ')}`, lines: shortened(lines) });
    };
    if (this.plan.via === 'tun') {
      await section('device', 'ip', ['-s', 'address', 'show', 'dev', device]);
    }
    for (const family of ['-4', '-6']) {
      await section(`routes ${family}`, 'ip', [family, 'route', 'show', 'table', String(table)]);
      await section(`rules ${family}`, 'ip', [family, 'rule'], (line) => line.includes(`lookup ${table}`));
    }
    await section('filter', 'nft', ['list', 'table', 'inet', filterTable]);
    sections.push({ title: 'dns', command: this.dns.how, lines: shortened(this.dns.details) });
    return sections;
  }
}

/**
 * Runs lines for `ip` in order, as three batches: those of no family, of IPv4, of IPv6 (a batch has one family). With `force` each line may fail
 * alone, which is how leftovers of unknown extent are swept.
 */
async function ipLines(programs: Programs, lines: readonly string[], force = false): Promise<void> {
  for (const family of ['', '-4', '-6']) {
    const own = lines
      .filter((line) => (/^-[46] /.exec(line)?.[0].trim() ?? '') === family)
      .map((line) => line.replace(/^-[46] /, ''));
    if (own.length === 0) continue;
    const args = [...(family === '' ? [] : [family]), ...(force ? ['-force'] : []), '-batch', '-'];
    const done = programs.run('ip', args, `${own.join('\n')}\n`);
    await (force ? done.catch(() => undefined) : done);
  }
}

/** What fits into an answer beside other sections. */
const linesMax = 40;
const lineCharactersMax = 160;

function shortened(lines: readonly string[]): string[] {
  const more = lines.length - linesMax;
  const shown = lines
    .slice(0, linesMax)
    .map((line) => line.replaceAll('\t', '    ').slice(0, lineCharactersMax));
  return more > 0 ? [...shown, `... and ${more} more lines`] : shown;
}

function openedTun(libc: LibC, { slot: { device: name }, framing }: EdgePlan): OpenDevice {
  try {
    return openTun(libc, name, framing === 'vnet' ? 'vnet' : 'plain');
  } catch (cause) {
    const detail = cause instanceof SystemCallError ? cause.message : 'The TUN device could not be made.';
    throw new Problem('HELPER_SYSTEM_REFUSED', { detail: `${name}: ${detail}`, cause });
  }
}
