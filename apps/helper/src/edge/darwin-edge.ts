import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@sallyport/problems';
import {
  defaultWay,
  ifconfigCalls,
  isOurResolverFile,
  listenersOfLsof,
  lsofArguments,
  openUtun,
  pfAnchor,
  pfRules,
  pfToken,
  refusePfConflicts,
  resolverFiles,
  routeCalls,
  routesOfNetstat,
  slotCount,
  SystemCallError,
  utunMtuMax,
  type DefaultWay,
  type EdgePlan,
  type ExistingRoute,
  type LibC,
  type Listener,
  type OpenDevice,
} from '@sallyport/tunnel/edge/privileged';
import type { DnsState, Edge, Section, StandingSet } from './edge.ts';
import type { ProgramName, Programs } from './programs.ts';

/** Folders that macOS reads or that a crash leaves; a test hands in others. */
export interface DarwinFolders {
  /** /etc/resolver */
  readonly resolver: string;
  /** Where the tokens of pf are remembered until they are given back. */
  readonly run: string;
}

/**
 * macOS: a utun device, routes, an anchor of pf below com.apple/, files in /etc/resolver. macOS has no routes of one user: pf keeps other users'
 * TCP and UDP out. Everything here ends at calls that a recording double checks; it was not run on macOS.
 */
export class DarwinEdge implements Edge {
  readonly framing = 'utun';
  readonly #programs: Programs;
  readonly #libc: LibC;
  readonly #folders: DarwinFolders;

  constructor(programs: Programs, libc: LibC, folders: DarwinFolders) {
    this.#programs = programs;
    this.#libc = libc;
    this.#folders = folders;
  }

  async existingRoutes(): Promise<ExistingRoute[]> {
    const shown = (family: string) => this.#programs.run('netstat', ['-rn', '-f', family]);
    const [four, six] = await Promise.all([shown('inet'), shown('inet6')]);
    return [...routesOfNetstat(four.stdout, 4), ...routesOfNetstat(six.stdout, 6)];
  }

  async listeners(): Promise<Listener[]> {
    return listenersOfLsof((await this.#programs.run('lsof', lsofArguments)).stdout);
  }

  async resolverUid(): Promise<null> {
    return null;
  }

  async raise(plan: EdgePlan): Promise<StandingSet> {
    const standing = new DarwinSet(plan, this.#programs, this.#libc, this.#folders);
    try {
      await standing.raise();
      return standing;
    } catch (cause) {
      await standing.drop();
      throw cause;
    }
  }

  async sweep(): Promise<string[]> {
    const swept: string[] = [];
    for (const name of namesIn(this.#folders.resolver)) {
      const path = join(this.#folders.resolver, name);
      if (!isOurResolverFile(readFileSync(path, 'latin1'))) continue;
      rmSync(path);
      swept.push(path);
    }
    const listed = await this.#programs
      .run('pfctl', ['-a', 'com.apple', '-s', 'Anchors'])
      .catch(() => undefined);
    for (let number = 0; number < slotCount; number += 1) {
      const anchor = pfAnchor(number);
      if (!(listed?.stdout ?? '').split('\n').some((line) => line.trim() === anchor)) continue;
      await this.#programs.run('pfctl', ['-a', anchor, '-F', 'all']).catch(() => undefined);
      swept.push(`anchor ${anchor}`);
    }
    for (const file of namesIn(this.#folders.run).filter((name) => /^pf-token-\d+$/.test(name))) {
      await this.#programs.run('pfctl', ['-X', file.slice('pf-token-'.length)]).catch(() => undefined);
      rmSync(join(this.#folders.run, file), { force: true });
      swept.push(file);
    }
    return swept;
  }
}

class DarwinSet implements StandingSet {
  plan: EdgePlan;
  dns: DnsState = { how: 'none', details: [] };
  readonly #programs: Programs;
  readonly #libc: LibC;
  readonly #folders: DarwinFolders;
  #device: OpenDevice | null = null;
  #token: string | null = null;
  #ways: { readonly 4: DefaultWay; readonly 6: DefaultWay } | null = null;

  constructor(plan: EdgePlan, programs: Programs, libc: LibC, folders: DarwinFolders) {
    this.plan = plan;
    this.#programs = programs;
    this.#libc = libc;
    this.#folders = folders;
  }

  async raise(): Promise<void> {
    await this.#refusePfConflicts();
    if (this.plan.via === 'tun') {
      this.#device = openedUtun(this.#libc);
      const slot = { ...this.plan.slot, device: this.#device.name };
      this.plan = { ...this.plan, slot, mtu: Math.min(this.plan.mtu, utunMtuMax) };
    }
    await this.#loadRules();
    const enabled = await this.#programs.run('pfctl', ['-E']);
    this.#token = pfToken(enabled.stderr);
    if (this.#token !== null)
      writeFileSync(join(this.#folders.run, `pf-token-${this.#token}`), '', { mode: 0o600 });
    if (this.plan.via === 'tun') {
      await this.#each('ifconfig', ifconfigCalls(this.plan));
      this.#ways = { 4: await this.#wayOut('-inet'), 6: await this.#wayOut('-inet6') };
      await this.#each('route', routeCalls('add', this.plan, this.#ways));
    }
    this.dns = await this.#setNames();
  }

  descriptor(): number | null {
    return this.#device?.fd ?? null;
  }

  releaseDescriptor(): void {
    if (this.#device !== null) this.#libc.close(this.#device.fd);
    this.#device = null;
  }

  async change(wanted: EdgePlan): Promise<void> {
    const before = this.plan;
    this.plan = { ...wanted, slot: before.slot, mtu: before.mtu };
    await this.#loadRules();
    if (this.#ways !== null) {
      const [standing, next] = [
        routeCalls('delete', before, this.#ways),
        routeCalls('delete', this.plan, this.#ways),
      ];
      const has = (calls: string[][], call: string[]) =>
        calls.some((one) => one.join(' ') === call.join(' '));
      await this.#each(
        'route',
        next.filter((call) => !has(standing, call)).map(([n, , ...rest]) => [n!, 'add', ...rest]),
      );
      await this.#each(
        'route',
        standing.filter((call) => !has(next, call)),
      );
    }
    this.#removeNames(before);
    this.dns = await this.#setNames();
  }

  async drop(): Promise<void> {
    this.releaseDescriptor();
    this.#removeNames(this.plan);
    await this.#run('dscacheutil', ['-flushcache']);
    for (const call of this.#ways === null ? [] : routeCalls('delete', this.plan, this.#ways))
      await this.#run('route', call);
    await this.#run('pfctl', ['-a', pfAnchor(this.plan.slot.number), '-F', 'all']);
    if (this.#token === null) return;
    await this.#run('pfctl', ['-X', this.#token]);
    rmSync(join(this.#folders.run, `pf-token-${this.#token}`), { force: true });
  }

  rules(): readonly string[] {
    return pfRules(this.plan).split('\n').filter(Boolean);
  }

  async report(): Promise<Section[]> {
    const { device, number } = this.plan.slot;
    const anchor = pfAnchor(number);
    const asked: [string, ProgramName, string[]][] = [
      ...(this.plan.via === 'tun'
        ? [['device', 'ifconfig', [device]] as [string, ProgramName, string[]]]
        : []),
      ['routes', 'netstat', ['-rn', '-f', 'inet']],
      ['anchor', 'pfctl', ['-a', anchor, '-v', '-s', 'rules']],
      ['translation', 'pfctl', ['-a', anchor, '-v', '-s', 'nat']],
    ];
    const sections: Section[] = [];
    for (const [title, name, args] of asked) {
      const said = await this.#programs.run(name, args).catch(() => ({ stdout: '' }));
      const lines = said.stdout
        .split('\n')
        .filter((line) => line !== '' && (title !== 'routes' || line.includes(device)));
      sections.push({ title, command: `${name} ${args.join(' ')}`, lines: lines.slice(0, 40) });
    }
    return [...sections, { title: 'dns', command: this.dns.how, lines: [...this.dns.details] }];
  }

  async #refusePfConflicts(): Promise<void> {
    const said = async (args: string[]) => (await this.#programs.run('pfctl', args)).stdout;
    const state = {
      rules: await said(['-s', 'rules']),
      translation: await said(['-s', 'nat']),
      loopback: await said(['-v', '-s', 'Interfaces', '-i', 'lo0']),
    };
    refusePfConflicts(state, this.plan.via);
  }

  async #loadRules(): Promise<void> {
    await this.#programs.run('pfctl', ['-a', pfAnchor(this.plan.slot.number), '-f', '-'], pfRules(this.plan));
  }

  async #wayOut(family: '-inet' | '-inet6'): Promise<DefaultWay> {
    const said = await this.#programs
      .run('route', ['-n', 'get', family, 'default'])
      .catch(() => ({ stdout: '' }));
    return defaultWay(said.stdout);
  }

  async #setNames(): Promise<DnsState> {
    const files = [...resolverFiles(this.plan)];
    if (files.length === 0) return { how: 'none', details: [] };
    mkdirSync(this.#folders.resolver, { recursive: true, mode: 0o755 });
    for (const [name, text] of files) {
      const path = join(this.#folders.resolver, name);
      if (!isOursOrMissing(path))
        throw new Problem('ROUTE_CONFLICT', {
          detail: `${path} exists and belongs to another program.`,
          extensions: { existing: [path] },
        });
      writeFileSync(path, text, { mode: 0o644 });
    }
    await this.#run('dscacheutil', ['-flushcache']);
    return { how: 'resolver-files', details: files.map(([name]) => join(this.#folders.resolver, name)) };
  }

  #removeNames(plan: EdgePlan): void {
    for (const name of resolverFiles(plan).keys()) {
      const path = join(this.#folders.resolver, name);
      if (isOursOrMissing(path)) rmSync(path, { force: true });
    }
  }

  async #each(name: ProgramName, calls: readonly string[][]): Promise<void> {
    for (const call of calls) await this.#programs.run(name, call);
  }

  async #run(name: ProgramName, args: readonly string[]): Promise<void> {
    await this.#programs.run(name, args).catch(() => undefined);
  }
}

function openedUtun(libc: LibC): OpenDevice {
  try {
    return openUtun(libc);
  } catch (cause) {
    const detail = cause instanceof SystemCallError ? cause.message : 'The utun device could not be made.';
    throw new Problem('HELPER_SYSTEM_REFUSED', { detail, cause });
  }
}

function isOursOrMissing(path: string): boolean {
  try {
    return isOurResolverFile(readFileSync(path, 'latin1'));
  } catch {
    // There is none.
    return true;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The folder is made by whoever needs it first.
    return [];
  }
}
