import { cidrOf, type Resource } from '@sallyport/catalog';

/**
 * The part of a gateway's user data that lets sshd forward to the addresses of its subnets and nowhere else; undefined
 * where no subnet is held so. sshd knows no networks and takes the first PermitOpen of a user alone, so the addresses
 * are listed on one line, which the instance writes out itself: user data holds 16 KiB at most.
 */
export function permitOpenScript(resources: readonly Resource[]): string | undefined {
  const held = resources.flatMap(({ network }) =>
    network?.way === 'ssh' && !network.everything && network.sshUser !== null
      ? [{ user: network.sshUser, routes: network.routes }]
      : [],
  );
  const users = [...new Set(held.map(({ user }) => user))];
  if (users.length === 0) return undefined;
  return [
    '#!/usr/bin/env bash',
    'set -euo pipefail',
    ...users.flatMap((user) =>
      userLines(
        user,
        held.filter((one) => one.user === user).flatMap((one) => one.routes),
      ),
    ),
    'sshd -t',
    'systemctl reload sshd',
    '',
  ].join('\n');
}

type Routes = NonNullable<Resource['network']>['routes'];

function userLines(user: string, routes: Routes): string[] {
  const loops = routes.map(({ cidr, ports }) => {
    const network = cidrOf(cidr);
    if (!network || network.bits !== 32)
      throw new Error(`PermitOpen is written for IPv4 networks, not ${cidr}`);
    const last = Number(network.value) + 2 ** (32 - network.prefix) - 1;
    const names = ports.map(([from, to]) => (from === to ? String(from) : "'*'")).join(' ');
    return `  for ((a = ${network.value}; a <= ${last}; a++)); do for p in ${names}; do printf ' %d.%d.%d.%d:%s' $((a >> 24)) $((a >> 16 & 255)) $((a >> 8 & 255)) $((a & 255)) "$p"; done; done`;
  });
  return [
    `id -u ${user} >/dev/null 2>&1 || useradd --system --create-home --shell /usr/sbin/nologin ${user}`,
    `{`,
    `  echo 'Match User ${user}'`,
    ...sshdLines.map((line) => `  echo '  ${line}'`),
    `  printf '  PermitOpen'`,
    ...loops,
    `  echo`,
    `} >/etc/ssh/sshd_config.d/10-sallyport-${user}.conf`,
  ];
}

/** Forwarding of TCP and nothing else: no shell, no command, no terminal, no listening. */
const sshdLines = [
  'AllowTcpForwarding local',
  'AllowStreamLocalForwarding no',
  'AllowAgentForwarding no',
  'X11Forwarding no',
  'PermitTunnel no',
  'PermitTTY no',
  'GatewayPorts no',
  'ForceCommand /usr/sbin/nologin',
];
