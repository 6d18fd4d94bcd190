import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  addressText,
  blockOwners,
  changeHostsFile,
  resolvedCalls,
  withBlock,
  withoutBlocks,
  type EdgePlan,
} from '@sallyport/tunnel/edge/privileged';
import type { DnsState } from './edge.ts';
import type { Programs } from './programs.ts';

/** Files that tell and take names; a test hands in others. */
export interface NameFiles {
  readonly hosts: string;
  readonly passwd: string;
  /** Exists while systemd-resolved runs. */
  readonly resolved: string;
}

export const systemNameFiles: NameFiles = {
  hosts: '/etc/hosts',
  passwd: '/etc/passwd',
  resolved: '/run/systemd/resolve/io.systemd.Resolve',
};

/** Names of a tunnel on Linux: systemd-resolved where it runs and there is a device, otherwise a marked block in /etc/hosts. */
export class LinuxNames {
  readonly #programs: Programs;
  readonly #files: NameFiles;

  constructor(programs: Programs, files: NameFiles) {
    this.#programs = programs;
    this.#files = files;
  }

  get hasResolved(): boolean {
    return existsSync(this.#files.resolved) && this.#programs.find('resolvectl') !== null;
  }

  /** The user whose questions systemd-resolved asks with. */
  async resolverUid(): Promise<number | null> {
    if (!this.hasResolved) return null;
    const lines = (await readFile(this.#files.passwd, 'utf8')).split('\n');
    const uid = lines.find((line) => line.startsWith('systemd-resolve:'))?.split(':')[2];
    return uid === undefined || !/^\d+$/.test(uid) ? null : Number(uid);
  }

  async set(plan: EdgePlan): Promise<DnsState> {
    if (plan.names.length === 0 && plan.suffixes.length === 0) return { how: 'none', details: [] };
    if (plan.via === 'tun' && this.hasResolved) {
      const calls = resolvedCalls(plan);
      for (const args of calls) await this.#programs.run('resolvectl', args);
      return { how: 'resolved', details: calls.map((args) => `resolvectl ${args.join(' ')}`) };
    }
    const entries = plan.names.map(({ name, address }) => ({ address: addressText(address), names: [name] }));
    await changeHostsFile(this.#files.hosts, (text) => withBlock(text, plan.slot.device, entries));
    const details = entries.map(({ address, names }) => `${address} ${names.join(' ')}`);
    const [responder] = [plan.responder4, plan.responder6].filter((one) => one !== null);
    if (plan.suffixes.length > 0 && responder !== undefined)
      details.push(
        `names below ${plan.suffixes.join(', ')}: no systemd-resolved runs here, so only programs that ask ${addressText(responder)} find them`,
      );
    return { how: entries.length > 0 ? 'hosts' : 'none', details };
  }

  async clear(device: string): Promise<void> {
    if (this.hasResolved) await this.#programs.run('resolvectl', ['revert', device]).catch(() => undefined);
    await changeHostsFile(this.#files.hosts, (text) => withBlock(text, device, []));
  }

  /** Takes every block of ours away; tells whose they were. */
  async sweep(): Promise<string[]> {
    let owners: string[] = [];
    await changeHostsFile(this.#files.hosts, (text) => {
      owners = blockOwners(text);
      return withoutBlocks(text);
    });
    return owners.map((owner) => `${this.#files.hosts}: the block of ${owner}`);
  }
}
