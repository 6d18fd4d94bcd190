import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { writeWorld } from '../../apps/sandbox/test/world/written-world.ts';
import { iamAdministrator } from './denied-action.ts';
import { GatewaySshd } from './gateway-sshd.ts';
import { Product } from './product.ts';

/** Instances of the hosts: one whose key is on record, one whose key is not, and a node outside EC2. */
export const instances = {
  files: 'i-0a11223344556677a',
  fresh: 'i-0b22334455667788b',
  node: 'mi-0c3344556677889a0',
} as const;
export type HostName = keyof typeof instances;

const recording = { recorded: false, statement: 'The amount of traffic is recorded.' };
const tags = { 'jit-managed': 'true', 'jit-team': 'platform', ServerType: 'bastion', AccessGranted: 'true' };
/** Name tags, which are not the names of the resources; two are the same. */
const names = { files: 'files-host', fresh: 'twin', node: 'twin' } as const;
const tagsOf = (name: HostName) => ({ ...tags, 'jit-team': name, Name: names[name] });

/**
 * The product with three SSH hosts, each a real OpenSSH server where people sign in: `files-1`, `fresh-1` and `node-1`, with the Name tags `files-host` and twice `twin`. `pub` is the key of the person's own that
 * `node-1` knows.
 */
export class SshWorld {
  readonly product: Product;
  readonly sshd: Readonly<Record<HostName, GatewaySshd>>;
  readonly #folders: readonly string[];

  private constructor(product: Product, sshd: SshWorld['sshd'], folders: readonly string[]) {
    this.product = product;
    this.sshd = sshd;
    this.#folders = folders;
  }

  static async start(): Promise<SshWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-ssh-'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, 'own_key')]);
    const own = readFileSync(join(folder, 'own_key.pub'), 'utf8').trim();
    const started: { product?: Product } = {};
    const host = (name: HostName) =>
      GatewaySshd.start({
        shells: true,
        pushedKeys: async (user) =>
          name === 'node'
            ? [own]
            : ((await started.product?.sandbox.pushedKeys(instances[name], user)) ?? []),
      });
    const sshd = { files: await host('files'), fresh: await host('fresh'), node: await host('node') };
    const { user } = sshd.files;
    const resource = (name: HostName, more: object = {}) => ({
      name: `${name}-1`,
      ...{ kind: 'ssh', title: name, description: 'For tests with a real client.', environment: 'staging' },
      ...{ team: name, gateway: name, user, connectable: true, recording, ...more },
    });
    const written = writeWorld({
      resources: [resource('files'), resource('fresh'), resource('node')],
      instances: (Object.keys(instances) as HostName[]).map((name, at) => ({
        ...{ id: instances[name], account: 'workloads', region: 'eu-west-1', zone: 'eu-west-1b' },
        ...{ name: `${name}-1`, address: `10.0.7.${at + 1}`, online: true },
        tags: { ...tagsOf(name), ...(name === 'files' && { 'jit-host-key': sshd.files.hostKey }) },
      })),
      principals: [iamAdministrator],
      network: (Object.keys(instances) as HostName[]).map((name) => ({
        ...{ host: 'localhost', port: 22, instance: instances[name] },
        backing: { kind: 'socket', path: sshd[name].socketPath },
      })),
    });
    const catalog = parse(readFileSync(written.catalogFile, 'utf8')) as { gateways: object[] };
    catalog.gateways.push(
      ...(Object.keys(instances) as HostName[]).map((name) => ({
        ...{ name, account: 'workloads', region: 'eu-west-1', selector: tagsOf(name) },
        ...(name === 'node' && { nodes: 'hybrid' }),
      })),
    );
    writeFileSync(written.catalogFile, stringify(catalog));
    const product = await Product.start({
      sandboxArgs: ['--world', written.worldFile],
      apiEnvironment: { SALLYPORT_CATALOG: written.catalogFile },
    });
    started.product = product;
    return new SshWorld(product, sshd, [folder, written.folder]);
  }

  /** The tags of an instance as it began, but for a host key: that of `files` as its sshd has it now. */
  tags(name: HostName): Record<string, string> {
    return { ...tagsOf(name), ...(name === 'files' && { 'jit-host-key': this.sshd.files.hostKey }) };
  }

  /** The person's own private key, for hosts that know it. */
  get ownKey(): string {
    return join(this.#folders[0] ?? '', 'own_key');
  }

  async stop(): Promise<void> {
    await this.product.remove();
    await Promise.all(Object.values(this.sshd).map((sshd) => sshd.stop()));
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}
