import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Ssh extends TunnelCommand {
  static override summary = "Sign in to a host with the system's ssh: ask for it if need be, wait, connect.";
  static override examples = [
    'tunnel ssh web-1',
    'tunnel ssh web-1 -- systemctl status orders',
    'tunnel ssh web-1 -L 8080:localhost:80 -N',
    'tunnel ssh --for 1h --reason "INC-4312 full disk" web-1',
  ];
  static override usage = '[options] [USER@]NAME [options of ssh] [-- CMD ...]';
  static override strict = false;
  static override args = { name: Args.string(nameArgument) };
  static override flags = {
    for: Flags.string({ description: 'how long to ask for: 30m, 1h, 1h30m', helpValue: 'TIME' }),
    reason: Flags.string({ description: 'why, when it has to be asked for', helpValue: 'TEXT' }),
    ticket: Flags.string({ description: 'number of the work item', helpValue: 'T' }),
    'no-wait': Flags.boolean({ description: 'without a grant do not wait: ask, then return 8' }),
  };

  async work(): Promise<number> {
    const { splitWords } = await import('../ssh/words.ts');
    const { ours, host, theirs, command } = splitWords(this.argv, ['--for', '--reason', '--ticket']);
    this.argv = [...ours, ...(host === undefined ? [] : [host])];
    const { args, flags } = await this.parse(Ssh);
    const server = await this.server();
    const { runSsh } = await import('../ssh/run-ssh.ts');
    return runSsh(
      { world: this.world, server, printer: this.printer, debug: this.debugLine },
      {
        program: 'ssh',
        hosts: [args.name],
        words: [...theirs, args.name, ...command],
        wish: { for: flags.for, reason: flags.reason, ticket: flags.ticket },
        wait: !flags['no-wait'],
      },
    );
  }
}
