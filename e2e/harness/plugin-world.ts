import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { writeWorld } from '../../apps/sandbox/test/world/written-world.ts';
import { GatewaySshd } from './gateway-sshd.ts';
import { Overheard } from './overheard.ts';
import { Product } from './product.ts';
import { Laptop } from './tunnel.ts';

/** Instances: the bastion, the host of shells, and a host with an OpenSSH server that knows the person's key. */
export const instances = {
  bastion: 'i-0b5c1d2e3f4a50617',
  shell: 'i-0a1b2c3d4e5f60718',
  files: 'i-0a22334455667788c',
} as const;

const selector = { 'jit-managed': 'true', 'jit-team': 'files', ServerType: 'bastion', AccessGranted: 'true' };
const granted = ['prod-web', 'web-1-shell', 'files-1', 'web-1-recorded'] as const;
/** Whom recordings are sealed to; nobody has the key that opens them. */
const auditorsKey = 'age1f0gvl0sn9z6zqwnpt0qqpfu2zyxuj5fefzuvsj6yl5wfu7aygpjswjnsg9';

/** The product, and a laptop with Debian's AWS CLI, our drop-in beside it, and the keys of the ordinary principal `operator`. */
export class PluginWorld {
  readonly product: Product;
  readonly sshd: GatewaySshd;
  readonly laptop: Laptop;
  /** Grants of `engineer` by resource. */
  readonly grants: Readonly<Record<(typeof granted)[number], string>>;
  /** Where the laptop finds AWS. */
  readonly awsEndpoint: string;
  /** Where its API and its AWS are overheard, if they are. */
  readonly doors: { readonly api: Overheard; readonly aws: Overheard } | undefined;
  readonly #folders: readonly string[];

  private constructor(
    parts: Pick<PluginWorld, 'product' | 'sshd' | 'laptop' | 'grants' | 'awsEndpoint' | 'doors'>,
    folders: readonly string[],
  ) {
    this.product = parts.product;
    this.sshd = parts.sshd;
    this.laptop = parts.laptop;
    this.grants = parts.grants;
    this.awsEndpoint = parts.awsEndpoint;
    this.doors = parts.doors;
    this.#folders = folders;
  }

  static async start({ overheard = false } = {}): Promise<PluginWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-plugin-'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, 'own_key')]);
    const own = readFileSync(join(folder, 'own_key.pub'), 'utf8').trim();
    const started: { product?: Product } = {};
    const sshd = await GatewaySshd.start({
      shells: true,
      pushedKeys: async (user) => [
        own,
        ...((await started.product?.sandbox.pushedKeys(instances.files, user)) ?? []),
      ],
    });
    const written = writeWorld({
      base: 'usual',
      resources: [
        {
          ...{ name: 'files-1', kind: 'ssh', title: 'Files', description: 'For tests with a real client.' },
          ...{ environment: 'staging', team: 'files', gateway: 'files', user: sshd.user, connectable: true },
          recording: { recorded: false, statement: 'The amount of traffic is recorded.' },
        },
        {
          ...{ name: 'web-1-recorded', kind: 'shell', title: 'Recorded', description: 'For tests.' },
          ...{ environment: 'staging', team: 'web', gateway: 'web-1', runAs: 'web-ops', commands: 'none' },
          ...{ encryption: 'none', logs: 'none', clientRecording: 'required', connectable: true },
          recording: {
            recorded: true,
            where: 'Here',
            statement: 'Everything that the shell shows is recorded.',
          },
        },
      ],
      instances: [
        {
          ...{ id: instances.files, account: 'workloads', region: 'eu-west-1', zone: 'eu-west-1b' },
          ...{ name: 'files-1', address: '10.0.7.1', online: true, tags: selector },
        },
      ],
      network: [
        {
          ...{ host: 'localhost', port: 22, instance: instances.files },
          backing: { kind: 'socket', path: sshd.socketPath },
        },
      ],
    });
    const catalog = parse(readFileSync(written.catalogFile, 'utf8')) as {
      gateways: object[];
      accounts: { name: string; auditorsKey?: string }[];
    };
    for (const account of catalog.accounts)
      if (account.name === 'workloads') account.auditorsKey = auditorsKey;
    catalog.gateways.push({ name: 'files', account: 'workloads', region: 'eu-west-1', selector });
    writeFileSync(written.catalogFile, stringify(catalog));
    const product = await Product.start({
      sandboxArgs: ['--world', written.worldFile],
      apiEnvironment: { SALLYPORT_CATALOG: written.catalogFile },
    });
    started.product = product;
    const doors = overheard
      ? {
          api: await Overheard.before(product.apiUrl),
          aws: await Overheard.before(product.installation.awsEndpoint),
        }
      : undefined;
    const awsEndpoint = doors?.aws.url ?? product.installation.awsEndpoint;
    const laptop = await laptopWithAws(product, folder, {
      awsEndpoint,
      ...(doors && { server: doors.api.url }),
    });
    const grants: Record<string, string> = {};
    const engineer = product.as('engineer');
    for (const name of granted) {
      const requestId = await engineer.asks(name, 3600);
      // Staging needs nobody's word.
      if (name !== 'files-1' && name !== 'web-1-recorded') await product.as('approver').approves(requestId);
      const { body } = await engineer.get(`/access-requests/${requestId}`);
      grants[name] = (body as { items: { grantId: string }[] }).items[0]?.grantId ?? '';
    }
    return new PluginWorld(
      { product, sshd, laptop, awsEndpoint, doors, grants: grants as PluginWorld['grants'] },
      [folder, written.folder],
    );
  }

  /** The private key that the host knows. */
  get ownKey(): string {
    return join(this.#folders[0] ?? '', 'own_key');
  }

  /** The words of the AWS CLI for a session; `profile`: somebody else than the operator. */
  startSession(
    target: keyof typeof instances,
    document: string | undefined,
    parameters: object = {},
    profile = 'operator',
  ): string[] {
    return [
      ...['aws', '--endpoint-url', this.awsEndpoint, '--region', 'eu-west-1'],
      ...['--profile', profile, 'ssm', 'start-session', '--target', instances[target]],
      ...(document === undefined ? [] : ['--document-name', document]),
      ...(Object.keys(parameters).length === 0 ? [] : ['--parameters', JSON.stringify(parameters)]),
    ];
  }

  /** Processes of our drop-in that this laptop's AWS CLI has started and that still run. */
  plugins(): number[] {
    return readdirSync('/proc')
      .filter((name) => {
        try {
          return (
            /^\d+$/.test(name) &&
            readFileSync(`/proc/${name}/cmdline`, 'latin1').includes('bin/session-manager-plugin.js\0') &&
            readFileSync(`/proc/${name}/environ`, 'latin1').includes(`HOME=${this.laptop.home}\0`)
          );
        } catch {
          return false; // gone meanwhile
        }
      })
      .map(Number);
  }

  async stop(): Promise<void> {
    await this.laptop.remove();
    for (const door of Object.values(this.doors ?? {})) door.close();
    await this.product.remove();
    await this.sshd.stop();
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}

async function laptopWithAws(
  product: Product,
  folder: string,
  { awsEndpoint, server }: { readonly awsEndpoint: string; readonly server?: string },
): Promise<Laptop> {
  const operator = product.principals().principals.find(({ name }) => name === 'operator');
  if (!operator) throw new Error('the sandbox has no operator');
  const { accessKeyId, secretAccessKey } = operator;
  const [credentials, config, bin] = ['credentials', 'config', 'bin'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
  writeFileSync(credentials, `[operator]\n${keys}`, { mode: 0o600 });
  mkdirSync(bin);
  const laptop = await Laptop.signedIn(product, 'engineer', {
    ...{ AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_CONFIG_FILE: config, AWS_PAGER: '' },
    ...{ AWS_EC2_METADATA_DISABLED: 'true', PATH: `${bin}:${process.env.PATH ?? ''}` },
    TUNNEL_AWS_ENDPOINT: awsEndpoint,
    ...(server !== undefined && { TUNNEL_SERVER: server }),
  });
  const profiles = [['prod-web'], ['files-1'], ['web-1-shell'], ['web-1-shell', '--purpose', 'command']].map(
    async (words) => {
      const run = laptop.tunnel(['creds', ...words, '--print-config']);
      if ((await run.code) !== 0) throw new Error(run.stderr);
      return run.stdout;
    },
  );
  writeFileSync(config, (await Promise.all(profiles)).join('\n'));
  const install = laptop.tunnel(['plugin', 'install', '--dir', bin]);
  if ((await install.code) !== 0) throw new Error(install.stderr);
  return laptop;
}
