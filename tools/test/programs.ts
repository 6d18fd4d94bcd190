import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** System programs that some tests need. A test names the one it misses; with CI=true a miss is a failure. */
export const programs = {
  chromium: { paths: ['/usr/bin/chromium'], debian: 'chromium', for: 'the dashboard in a real browser' },
  psql: { paths: onPath('psql'), debian: 'postgresql-client', for: 'a real psql through the tunnel' },
  curl: { paths: onPath('curl'), debian: 'curl', for: 'web pages and SOCKS through the tunnel' },
  aws: {
    // Debian's first: others hand the session over in another form, and may be anywhere on the path.
    paths: ['/usr/bin/aws', ...onPath('aws')],
    debian: 'awscli',
    for: 'credentials for the AWS CLI',
  },
  'postgresql-15': {
    paths: ['/usr/lib/postgresql/15/bin/postgres'],
    debian: 'postgresql-15',
    for: 'migrations on the oldest supported server',
  },
  mariadbd: {
    paths: ['/usr/sbin/mariadbd'],
    debian: 'mariadb-server',
    for: 'a real MariaDB behind the tunnel',
  },
  mariadb: { paths: onPath('mariadb'), debian: 'mariadb-client', for: 'its client' },
  'redis-server': {
    paths: ['/usr/bin/redis-server'],
    debian: 'redis-server',
    for: 'a real Redis behind the tunnel',
  },
  'redis-cli': { paths: onPath('redis-cli'), debian: 'redis-tools', for: 'its client' },
  age: { paths: onPath('age'), debian: 'age', for: 'a recording opened by another program' },
  script: { paths: onPath('script'), debian: 'bsdutils', for: 'a terminal that closes' },
  less: { paths: onPath('less'), debian: 'less', for: 'a full-screen program in a shell' },
  perl: { paths: onPath('perl'), debian: 'perl-base', for: 'connections of another user' },
  ip: { paths: system('ip'), debian: 'iproute2', for: 'network namespaces and routes' },
  nft: { paths: system('nft'), debian: 'nftables', for: 'routing by packet filter' },
  ping: { paths: system('ping'), debian: 'iputils-ping', for: 'ICMP echo through a routed network' },
  dig: { paths: onPath('dig'), debian: 'bind9-dnsutils', for: 'names of a routed network' },
  iperf3: { paths: onPath('iperf3'), debian: 'iperf3', for: 'throughput of a routed network' },
  sshuttle: { paths: onPath('sshuttle'), debian: 'sshuttle', for: 'the peer that routing is compared with' },
  ssh: { paths: onPath('ssh'), debian: 'openssh-client', for: 'a real SSH client' },
  rsync: { paths: onPath('rsync'), debian: 'rsync', for: 'files over SSH' },
  sshd: { paths: system('sshd'), debian: 'openssh-server', for: 'a real SSH server on a gateway' },
  useradd: { paths: system('useradd'), debian: 'passwd', for: 'accounts of people on hosts' },
  pgrep: { paths: onPath('pgrep'), debian: 'procps', for: 'what an account runs on a host' },
  conntrack: { paths: system('conntrack'), debian: 'conntrack', for: 'flows that a packet filter knows' },
  'systemd-analyze': { paths: onPath('systemd-analyze'), debian: 'systemd', for: 'the agent’s units' },
} as const;

export type Program = keyof typeof programs;

/** The path of the program on this machine, or undefined. */
export function find(program: Program): string | undefined {
  return programs[program].paths.find((path) => existsSync(path));
}

/** Programs of the administrator, whose folders are not on everybody's path. */
function system(name: string): string[] {
  return [...onPath(name), `/usr/sbin/${name}`, `/sbin/${name}`];
}

function onPath(name: string): string[] {
  return (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
}
