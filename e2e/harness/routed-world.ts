import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../../tools/start/installation.ts';
import type { ProductOptions } from './product.ts';

const lab = ['10.20.56.0/24', 'fd00:10:2::/64'];
const byAgent = ["ports: ['tcp:1-65535', icmp]", 'way: agent'];

/** A network; where its name says that it is of staging, its grant needs nobody's yes. */
function network(
  name: string,
  cidr: string | readonly string[],
  members: readonly string[] = byAgent,
): string {
  return [
    `  - name: ${name}`,
    ...[
      'kind: subnet',
      `title: ${name}`,
      'description: A network for tests.',
      `environment: ${name.startsWith('prod-') ? 'production' : 'staging'}`,
      'team: platform',
      'tags: { app: test }',
      'gateway: bastion',
      typeof cidr === 'string' ? `cidr: ${cidr}` : `cidrs: ${JSON.stringify(cidr)}`,
      'connectable: true',
      'recording: { recorded: true, where: Audit log, statement: Every conversation is recorded. }',
      ...members,
    ].map((line) => `    ${line}`),
    '',
  ].join('\n');
}

/** What the world of stories has beside: an sshd behind each bastion, which the networks by SSH end at. */
export interface SshOfWorld {
  readonly socketPath: string;
  readonly hostKey: string;
}

/** Networks by sshd: held to one address, and held to nothing. The last is for who is told what it opens, and says yes. */
const bySsh = [
  network('staging-ssh', '10.20.30.60/32', ["ports: ['tcp:8080']", 'way: ssh', 'permitOpen: true']),
  network('staging-open', '10.20.31.0/24', ["ports: ['tcp:8080']", 'way: ssh']),
  network('prod-open', '10.20.32.0/24', ["ports: ['tcp:8080']", 'way: ssh']),
];

const whoeverSeesIt = `
  - name: behind-the-gateway
    resources: { environments: [production], kinds: [subnet] }
    requesters: [engineers]
    approval: review
    reviewers: [production-owners]
    duration: { longest: 1h, default: 1h }
    reason: { required: true, example: INC-4312 look at the old host }
    answerWithin: 24h
    allowEverythingBehindGateway: true
`;

const listener = (host: string, port: number, kind: string) =>
  [
    `  - host: ${host}`,
    `    address: ${host}`,
    `    port: ${port}`,
    `    backing: { kind: ${kind} }`,
    '',
  ].join('\n');

/**
 * The product's own world with more networks: `staging-vpc` (10.20.0.0/20, with a page and a volume on 10.20.8.60) and `staging-twin` (10.20.8.0/24), which lies inside the
 * first; `staging-web` (10.20.40.0/24), of which the grant opens port 8080 alone; and with `ssh`
 * one more (10.20.48.0/24), one of any IP protocol (`staging-lab`: 10.20.56.0/24, where 10.20.56.60 sends back GRE, and fd00:10:2::/64 with the page of prod-web), and those that end at an sshd.
 */
export function routedWorld(ssh?: SshOfWorld): ProductOptions & { remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-routed-world-'));
  chmodSync(folder, 0o700);
  const text = (file: string) => readFileSync(join(repository, 'config', file), 'utf8');
  const file = (name: string) => join(folder, name);
  const catalog = [
    text('catalog.yaml'),
    network('staging-vpc', '10.20.0.0/20'),
    network('staging-twin', '10.20.8.0/24'),
    network('staging-web', '10.20.40.0/24', ["ports: ['tcp:8080']", 'way: agent']),
    ...(ssh ? [network('staging-lab', lab, ["ports: [ip, 'tcp:8080']", 'way: agent'])] : []),
    ...(ssh ? [network('staging-more', '10.20.48.0/24'), ...bySsh] : []),
  ];
  const listeners = [
    listener('10.20.8.60', 8080, 'web-page'),
    listener('10.20.8.60', 19, 'bulk'),
    listener('10.20.40.60', 8080, 'web-page'),
    listener('10.20.40.60', 7, 'echo'),
    listener('10.20.48.60', 19, 'bulk'),
  ];
  // The private network is one list among others: ours are its first.
  let world = text('world.yaml');
  if (ssh) {
    const sshd = (instance: string) =>
      [
        ...['  - host: localhost', '    port: 22', `    instance: ${instance}`],
        ...[`    backing: { kind: socket, path: ${ssh.socketPath} }`, ''],
      ].join('\n');
    listeners.push(sshd('i-0b5c1d2e3f4a50617'), sshd('i-0c6d2e3f4a5b61728'));
    world = world.replace(/^ {4}tags: &bastion$/mu, `$&\n      jit-host-key: ${ssh.hostKey}`);
  }
  writeFileSync(file('catalog.yaml'), catalog.join('\n'));
  world = world
    .replace(/^network:\n/mu, `$&${listeners.join('')}`)
    .replace(/^hosts:\n/mu, '$&  - name: lab.internal\n    address: 10.20.56.60\n    mirrors: [47]\n');
  writeFileSync(file('world.yaml'), world);
  writeFileSync(file('policies.yaml'), `${text('policies.yaml')}${whoeverSeesIt}`);
  return {
    pacing: true,
    sandboxArgs: ['--world', file('world.yaml')],
    apiEnvironment: {
      SALLYPORT_CATALOG: file('catalog.yaml'),
      SALLYPORT_POLICIES: file('policies.yaml'),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
