/** Accounts that people may not have on a host, whoever they are: those of systems, images and of what runs there. */
const reserved: ReadonlySet<string> = new Set(
  [
    ...['root', 'toor', 'ssm-user', 'sallyport', 'jit-nobody', 'nobody', 'nogroup', 'daemon', 'bin', 'sys'],
    ...['sync', 'games', 'man', 'lp', 'mail', 'news', 'uucp', 'proxy', 'www-data', 'backup', 'list', 'irc'],
    ...[
      'gnats',
      'adm',
      'shutdown',
      'halt',
      'operator',
      'ftp',
      'dbus',
      'messagebus',
      'sshd',
      'polkitd',
      'chrony',
    ],
    ...[
      'rpc',
      'rpcuser',
      'tss',
      'ntp',
      'postfix',
      'exim',
      'apache',
      'nginx',
      'mysql',
      'postgres',
      'redis',
      'git',
    ],
    ...[
      'docker',
      'wheel',
      'sudo',
      'admin',
      'administrator',
      'ec2-user',
      'ec2-instance-connect',
      'ubuntu',
      'debian',
    ],
    ...['centos', 'fedora', 'rocky', 'almalinux', 'bitnami', 'vagrant', 'user', 'guest', 'test', 'support'],
  ].values(),
);

/** Groups that are as good as root, or that Sallyport marks its accounts by: membership never gives them. */
const privileged: ReadonlySet<string> = new Set([
  ...[
    'root',
    'wheel',
    'sudo',
    'admin',
    'docker',
    'lxd',
    'libvirt',
    'incus',
    'disk',
    'kmem',
    'shadow',
    'staff',
  ],
  ...['podman', 'sallyport', 'sys', 'bin', 'daemon', 'tty', 'ssm-user'],
]);

/** What an account may be called here; narrower than what any Linux takes, so that no program reads it otherwise. */
const accountForm = /^[a-z_][a-z0-9_-]{0,30}$/;

/** The name of an account, or why there is none. */
export type DerivedName = { readonly name: string } | { readonly reason: string };

/**
 * The OS account of a person, from the part of their e-mail address before the @ in lower case, a dot becoming a
 * hyphen. Nothing else is changed: what does not fit gives no account rather than one that somebody else has.
 */
export function accountNameOf(email: string): DerivedName {
  const local = email.slice(0, Math.max(0, email.lastIndexOf('@')));
  const name = local.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replaceAll('.', '-');
  if (!accountForm.test(name)) return { reason: 'the address does not make the name of an account' };
  if (isReservedAccount(name)) return { reason: `${name} is an account of systems` };
  return { name };
}

/** Whether people are never given this account. */
export function isReservedAccount(name: string): boolean {
  return reserved.has(name) || name.startsWith('systemd-') || name.startsWith('_');
}

/** Whether it could be a person's account. */
export function isPersonalAccount(name: string): boolean {
  return accountForm.test(name) && !isReservedAccount(name);
}

/** Whether a group of a host gives more than the account of a person may have. */
export function isPrivilegedGroup(name: string): boolean {
  return privileged.has(name) || name.startsWith('systemd-');
}
