import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Exec extends TunnelCommand {
  static override summary =
    'Run one command on an instance over Session Manager; its exit status is passed on.';
  static override examples = [
    'tunnel exec web-1-shell -- df -h /',
    "tunnel exec web-1-shell -- 'df -h / | tail -1'",
    'tunnel exec web-1-shell -- grep -c "out of memory" /var/log/syslog',
    'tunnel exec web-1-shell --tty -- top',
    'tunnel exec web-1-shell --for 30m --reason "INC-4312" -- journalctl -u orders -n 100 > orders.log',
  ];
  static override description =
    'Several words are one program and its arguments, and arrive as they are written, without a shell on the far side. One word with blanks or shell syntax in it is a line for its sh, as with ssh. Standard output and error stay apart, and nothing is read from standard input, but with --tty.';
  static override usage = 'NAME [--tty] -- CMD ...';
  static override args = { name: Args.string(nameArgument) };
  static override flags = {
    tty: Flags.boolean({ char: 't', description: 'in a terminal: for programs that are typed to' }),
    for: Flags.string({ description: 'how long to ask for: 30m, 1h, 1h30m', helpValue: 'TIME' }),
    reason: Flags.string({ description: 'why, when it has to be asked for', helpValue: 'TEXT' }),
    ticket: Flags.string({ description: 'number of the work item', helpValue: 'T' }),
    'no-wait': Flags.boolean({ description: 'without a grant do not wait: ask, then return 8' }),
  };

  async work(): Promise<number> {
    const end = this.argv.indexOf('--');
    const words = end < 0 ? [] : this.argv.slice(end + 1);
    if (end >= 0) this.argv = this.argv.slice(0, end);
    const { args, flags } = await this.parse(Exec);
    const server = await this.server();
    const { remoteStory } = await import('../shell/run-remote.ts');
    return remoteStory(
      { world: this.world, server, printer: this.printer, debug: this.debugLine },
      {
        ...{
          name: args.name,
          purpose: flags.tty ? 'interactive' : 'command',
          words,
          wait: !flags['no-wait'],
        },
        wish: { for: flags.for, reason: flags.reason, ticket: flags.ticket },
      },
    );
  }
}
