import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Shell extends TunnelCommand {
  static override summary = 'Open a shell over Session Manager: no SSH, no key, no open port.';
  static override examples = [
    'tunnel shell web-1-shell',
    'tunnel shell web-1-shell --for 1h --reason "INC-4312 full disk"',
    'echo "df -h" | tunnel shell web-1-shell',
  ];
  static override description =
    'Every key goes to the far side, Ctrl-C among them. Enter, ~ and . end a shell that no longer answers; ~~ sends one ~.';
  static override usage = 'NAME';
  static override args = { name: Args.string(nameArgument) };
  static override flags = {
    for: Flags.string({ description: 'how long to ask for: 30m, 1h, 1h30m', helpValue: 'TIME' }),
    reason: Flags.string({ description: 'why, when it has to be asked for', helpValue: 'TEXT' }),
    ticket: Flags.string({ description: 'number of the work item', helpValue: 'T' }),
    'no-wait': Flags.boolean({ description: 'without a grant do not wait: ask, then return 8' }),
  };

  async work(): Promise<number> {
    const { args, flags } = await this.parse(Shell);
    const server = await this.server();
    const { remoteStory } = await import('../shell/run-remote.ts');
    return remoteStory(
      { world: this.world, server, printer: this.printer, debug: this.debugLine },
      {
        ...{ name: args.name, purpose: 'shell', words: [], wait: !flags['no-wait'] },
        wish: { for: flags.for, reason: flags.reason, ticket: flags.ticket },
      },
    );
  }
}
