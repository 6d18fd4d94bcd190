import type { Config } from '@oclif/core';
import type { TunnelCommand } from './tunnel-command.ts';

type CommandClass = (new (argv: string[], config: Config) => TunnelCommand) & {
  id: string;
  summary?: string;
} & Pick<typeof TunnelCommand, 'run' | 'examples' | 'usage' | 'flags' | 'baseFlags' | 'args'>;

/** Every command and where it lives. Explicit, so that nothing is searched for at start and only one is loaded. */
export const commandTable: Readonly<Record<string, () => Promise<CommandClass>>> = {
  status: async () => (await import('./commands/status.ts')).default,
  login: async () => (await import('./commands/login.ts')).default,
  logout: async () => (await import('./commands/logout.ts')).default,
  whoami: async () => (await import('./commands/whoami.ts')).default,
  ls: async () => (await import('./commands/ls.ts')).default,
  show: async () => (await import('./commands/show.ts')).default,
  request: async () => (await import('./commands/request.ts')).default,
  requests: async () => (await import('./commands/requests.ts')).default,
  cancel: async () => (await import('./commands/cancel.ts')).default,
  approve: async () => (await import('./commands/approve.ts')).default,
  deny: async () => (await import('./commands/deny.ts')).default,
  connect: async () => (await import('./commands/connect.ts')).default,
  shell: async () => (await import('./commands/shell.ts')).default,
  exec: async () => (await import('./commands/exec.ts')).default,
  ssh: async () => (await import('./commands/ssh.ts')).default,
  scp: async () => (await import('./commands/scp.ts')).default,
  'ssh-config': async () => (await import('./commands/ssh-config.ts')).default,
  proxy: async () => (await import('./commands/proxy.ts')).default,
  url: async () => (await import('./commands/url.ts')).default,
  env: async () => (await import('./commands/env.ts')).default,
  creds: async () => (await import('./commands/creds.ts')).default,
  ps: async () => (await import('./commands/ps.ts')).default,
  stop: async () => (await import('./commands/stop.ts')).default,
  extend: async () => (await import('./commands/extend.ts')).default,
  up: async () => (await import('./commands/up.ts')).default,
  down: async () => (await import('./commands/down.ts')).default,
  done: async () => (await import('./commands/done.ts')).default,
  revoke: async () => (await import('./commands/revoke.ts')).default,
  'recording list': async () => (await import('./commands/recording/list.ts')).default,
  'recording get': async () => (await import('./commands/recording/get.ts')).default,
  'recording play': async () => (await import('./commands/recording/play.ts')).default,
  'recording keygen': async () => (await import('./commands/recording/keygen.ts')).default,
  'audit search': async () => (await import('./commands/audit/search.ts')).default,
  'audit tail': async () => (await import('./commands/audit/tail.ts')).default,
  'users plan': async () => (await import('./commands/users/plan.ts')).default,
  'users apply': async () => (await import('./commands/users/apply.ts')).default,
  'groups list': async () => (await import('./commands/groups/list.ts')).default,
  'groups add': async () => (await import('./commands/groups/add.ts')).default,
  'groups remove': async () => (await import('./commands/groups/remove.ts')).default,
  'helper install': async () => (await import('./commands/helper/install.ts')).default,
  'helper uninstall': async () => (await import('./commands/helper/uninstall.ts')).default,
  'helper status': async () => (await import('./commands/helper/status.ts')).default,
  'plugin install': async () => (await import('./commands/plugin/install.ts')).default,
  'plugin uninstall': async () => (await import('./commands/plugin/uninstall.ts')).default,
  'plugin status': async () => (await import('./commands/plugin/status.ts')).default,
  completion: async () => (await import('./commands/completion.ts')).default,
  doctor: async () => (await import('./commands/doctor.ts')).default,
};
