import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { writeWorld } from '../../apps/sandbox/test/world/written-world.ts';
import { repository } from '../../tools/start/installation.ts';
import { find } from '../../tools/test/programs.ts';
import { GatewaySshd } from './gateway-sshd.ts';
import { allowedAbout, keyOf } from './outlive-lease.ts';
import { Overheard } from './overheard.ts';
import { Product } from './product.ts';
import { Laptop } from './tunnel.ts';

/**
 * Instances: the bastion, the host of shells, and a host with an OpenSSH server that knows the person's key. The agent of `hung` neither hears nor says anything, and
 * no channel to `dark` is ever answered.
 */
export const instances = {
  bastion: 'i-0b5c1d2e3f4a50617',
  shell: 'i-0a1b2c3d4e5f60718',
  files: 'i-0a22334455667788c',
  hung: 'i-0a22334455667788d',
  dark: 'i-0a22334455667788e',
} as const;

const selector = { 'jit-managed': 'true', 'jit-team': 'files', ServerType: 'bastion', AccessGranted: 'true' };
const granted = ['prod-web', 'web-1-shell', 'files-1', 'files-port', 'web-1-recorded', 'prod-vpc'] as const;
/** Of the staging environment, which needs nobody's word. */
const unreviewed: ReadonlySet<string> = new Set(['files-1', 'files-port', 'web-1-recorded']);

/** The product, and a laptop with Debian's AWS CLI, our drop-in beside it, and the keys of the ordinary principal `operator`. */
export class PluginWorld {
  readonly product: Product;
  readonly sshd: GatewaySshd;
  readonly laptop: Laptop;
  /** Another one with the same keys and programs. */
  readonly elsewhere: Laptop;
  /** Grants of `engineer` by resource. */
  readonly grants: Readonly<Record<(typeof granted)[number], string>>;
  /** Where the laptop finds AWS. */
  readonly awsEndpoint: string;
  /** Where its API and its AWS are overheard, if they are. */
  readonly doors: { readonly api: Overheard; readonly aws: Overheard } | undefined;
  /** Opens what is recorded; nothing but this object and a file beside the test's own key has it. */
  readonly auditorsIdentity: string;
  /** Temporary folders of the test itself. */
  readonly folders: readonly string[];

  private constructor(
    parts: Pick<
      PluginWorld,
      'product' | 'sshd' | 'laptop' | 'elsewhere' | 'grants' | 'awsEndpoint' | 'doors' | 'auditorsIdentity'
    >,
    folders: readonly string[],
  ) {
    this.product = parts.product;
    this.sshd = parts.sshd;
    this.laptop = parts.laptop;
    this.elsewhere = parts.elsewhere;
    this.grants = parts.grants;
    this.awsEndpoint = parts.awsEndpoint;
    this.doors = parts.doors;
    this.auditorsIdentity = parts.auditorsIdentity;
    this.folders = folders;
  }

  /** `overheard`: what its laptops say to API and AWS is, and the control plane writes down all that it ever does. */
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
          ...{
            name: 'files-port',
            kind: 'port',
            title: 'Port of the host itself',
            description: 'For tests.',
          },
          ...{ environment: 'staging', team: 'files', gateway: 'files', onInstance: true, port: 22 },
          ...{ connectable: true, recording: { recorded: false, statement: 'The amount is recorded.' } },
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
        ...(['hung', 'dark'] as const).map((name, index) => ({
          ...{ id: instances[name], account: 'workloads', region: 'eu-west-1', zone: 'eu-west-1b' },
          ...{ name, address: `10.0.7.${index + 2}`, online: true, tags: {} },
        })),
      ],
      principals: [beginner],
      network: [
        {
          ...{ host: 'localhost', port: 22, instance: instances.files },
          backing: { kind: 'socket', path: sshd.socketPath },
        },
      ],
    });
    const auditorsFile = join(folder, 'auditors-key');
    const recipient = execFileSync(
      process.execPath,
      [join(repository, 'apps/cli/bin/run.js'), 'recording', 'keygen', '--output', auditorsFile],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    ).trim();
    const auditorsIdentity = /^AGE-SECRET-KEY-1\S+$/m.exec(readFileSync(auditorsFile, 'utf8'))?.[0] ?? '';
    const catalog = parse(readFileSync(written.catalogFile, 'utf8')) as {
      gateways: object[];
      accounts: { name: string; auditorsKey?: string }[];
    };
    for (const account of catalog.accounts) if (account.name === 'workloads') account.auditorsKey = recipient;
    catalog.gateways.push({ name: 'files', account: 'workloads', region: 'eu-west-1', selector });
    writeFileSync(written.catalogFile, stringify(catalog));
    const product = await Product.start({
      sandboxArgs: ['--world', written.worldFile],
      apiEnvironment: {
        SALLYPORT_CATALOG: written.catalogFile,
        ...(overheard && { SALLYPORT_LOG_LEVEL: 'debug' }),
      },
    });
    started.product = product;
    await product.sandbox.faults({
      hungInstances: [instances.hung],
      blackHole: { instanceId: instances.dark, newSockets: true },
    });
    const doors = overheard
      ? {
          api: await Overheard.before(product.apiUrl),
          aws: await Overheard.before(product.installation.awsEndpoint),
        }
      : undefined;
    const awsEndpoint = doors?.aws.url ?? product.installation.awsEndpoint;
    const { laptop, elsewhere } = await laptopsWithAws(product, folder, {
      awsEndpoint,
      ...(doors && { server: doors.api.url }),
    });
    const grants: Record<string, string> = {};
    const engineer = product.as('engineer');
    for (const name of granted) {
      const requestId = await engineer.asks(name, 3600);
      if (!unreviewed.has(name)) await product.as('approver').approves(requestId);
      const { body } = await engineer.get(`/access-requests/${requestId}`);
      grants[name] = (body as { items: { grantId: string }[] }).items[0]?.grantId ?? '';
    }
    return new PluginWorld(
      {
        ...{ product, sshd, laptop, elsewhere, awsEndpoint, doors, auditorsIdentity },
        grants: grants as PluginWorld['grants'],
      },
      [folder, written.folder],
    );
  }

  /** The private key that the host knows. */
  get ownKey(): string {
    return join(this.folders[0] ?? '', 'own_key');
  }

  /** The words of the AWS CLI for a session; `profile`: somebody else than the operator. */
  startSession(
    target: keyof typeof instances,
    document: string | undefined,
    parameters: object = {},
    profile = 'operator',
  ): string[] {
    return [
      ...[find('aws') ?? 'aws', '--endpoint-url', this.awsEndpoint, '--region', 'eu-west-1'],
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

  /** The access key that a call about this session succeeded with first. */
  keyOf(eventName: string, session: string): string | undefined {
    return keyOf(allowedAbout(this.product, eventName, session)[0]);
  }

  async stop(): Promise<void> {
    await this.elsewhere.remove();
    await this.laptop.remove();
    for (const door of Object.values(this.doors ?? {})) door.close();
    await this.product.remove();
    await this.sshd.stop();
    for (const folder of this.folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** May start sessions and not use them, as people who copy half a policy. */
const beginner = {
  name: 'beginner',
  user: { account: 'workloads', name: 'beginner' },
  policy: {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['ssm:StartSession', 'ssm:TerminateSession'], Resource: '*' },
      { Effect: 'Deny', Action: 'ssmmessages:OpenDataChannel', Resource: '*' },
    ],
  },
};

async function laptopsWithAws(
  product: Product,
  folder: string,
  { awsEndpoint, server }: { readonly awsEndpoint: string; readonly server?: string },
): Promise<{ readonly laptop: Laptop; readonly elsewhere: Laptop }> {
  const [credentials, config, bin] = ['credentials', 'config', 'bin'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const keys = product
    .principals()
    .principals.filter(({ name }) => ['operator', 'beginner'].includes(name))
    .map(
      ({ name, accessKeyId, secretAccessKey }) =>
        `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    );
  writeFileSync(credentials, keys.join('\n'), { mode: 0o600 });
  mkdirSync(bin);
  const environment = {
    ...{ AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_CONFIG_FILE: config, AWS_PAGER: '' },
    ...{ AWS_EC2_METADATA_DISABLED: 'true', PATH: `${bin}:${process.env.PATH ?? ''}` },
    TUNNEL_AWS_ENDPOINT: awsEndpoint,
    ...(server !== undefined && { TUNNEL_SERVER: server }),
  };
  const laptop = await Laptop.signedIn(product, 'engineer', environment);
  const profiles = [
    ...[['prod-web'], ['files-1'], ['files-port'], ['web-1-shell'], ['web-1-shell', '--purpose', 'command']],
  ].map(async (words) => {
    const run = laptop.tunnel(['creds', ...words, '--print-config']);
    if ((await run.code) !== 0) throw new Error(run.stderr);
    return words[0] === 'files-port' ? shortened(run.stdout, join(folder, 'short-creds')) : run.stdout;
  });
  writeFileSync(config, (await Promise.all(profiles)).join('\n'));
  const install = laptop.tunnel(['plugin', 'install', '--dir', bin]);
  if ((await install.code) !== 0) throw new Error(install.stderr);
  return { laptop, elsewhere: new Laptop(product, environment) };
}

/** The profile with credentials that say they run out in a minute, so that whoever goes on with a session asks for others at once. */
function shortened(profile: string, script: string): string {
  return profile.replace(/^credential_process = (.*)$/m, (_line, process: string) => {
    const soon = '$(date -u -d +61seconds +%FT%TZ)';
    const said = `sed -E 's/("Expiration": *)"[^"]*"/\\1"'"${soon}"'"/'`;
    writeFileSync(script, `#!/bin/sh\n${process} | ${said}\n`);
    chmodSync(script, 0o755);
    return `credential_process = ${script}`;
  });
}
