/** Commands as help and manual show them, in the order a newcomer meets them. Commands that only programs call are in none. */
export const groups: readonly (readonly [string, readonly string[]])[] = [
  ['Use', ['ls', 'show', 'request', 'connect', 'url', 'env', 'creds', 'ps', 'stop', 'up', 'extend', 'done']],
  ['Hosts', ['ssh', 'scp', 'shell', 'exec', 'ssh-config']],
  ['Review', ['requests', 'approve', 'deny', 'cancel', 'revoke']],
  ['Look back', ['audit search', 'audit tail']],
  ['People and their accounts', ['groups list', 'groups add', 'groups remove', 'users plan', 'users apply']],
  [
    'Recordings',
    [
      'recording list',
      'recording get',
      'recording play',
      'recording keygen',
      'recording left',
      'recording discard',
    ],
  ],
  ['You and this machine', ['login', 'logout', 'whoami', 'status', 'doctor', 'completion']],
  ['Routes on this machine', ['helper install', 'helper status', 'helper uninstall']],
  ['Under the AWS CLI', ['plugin install', 'plugin status', 'plugin uninstall']],
];

/** The groups of a table, without what the table does not hold; what no group names comes last. */
export function groupsOf(ids: readonly string[]): readonly (readonly [string, readonly string[]])[] {
  const grouped = new Set(groups.flatMap(([, members]) => members));
  const others = ids.filter((id) => !grouped.has(id));
  return [
    ...groups.map(([title, members]) => [title, members.filter((id) => ids.includes(id))] as const),
    ['More', others] as const,
  ].filter(([, members]) => members.length > 0);
}
