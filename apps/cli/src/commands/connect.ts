import { Args, Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Connect extends TunnelCommand {
  static override summary =
    'Open a resource on this machine: ask for it if need be, wait for the answer, connect.';
  static override examples = [
    'tunnel connect prod-rds',
    'tunnel connect prod-rds --for 1h --reason "INC-4312 slow checkout query" -- psql -c "select count(*) from orders"',
    'tunnel connect prod-web --port 18080 -- curl {url}',
  ];
  static override usage = 'NAME... [-- CMD ...]';
  static override strict = false;
  static override args = { name: Args.string(nameArgument) };
  static override flags = {
    for: Flags.string({ description: 'how long to ask for: 30m, 1h, 1h30m', helpValue: 'TIME' }),
    reason: Flags.string({ description: 'why, when it has to be asked for', helpValue: 'TEXT' }),
    ticket: Flags.string({ description: 'number of the work item', helpValue: 'T' }),
    port: Flags.integer({ description: 'local port; 0 for any free one', helpValue: 'N' }),
    background: Flags.boolean({
      description: 'keep it open in the background; return when the port is ready',
    }),
    'no-wait': Flags.boolean({ description: 'without a grant do not wait: ask, then return 8' }),
  };

  async work(): Promise<number> {
    const end = this.argv.indexOf('--');
    const command = end < 0 ? undefined : this.argv.slice(end + 1);
    if (end >= 0) this.argv = this.argv.slice(0, end);
    const { argv, flags } = await this.parse(Connect);
    const names = [...new Set(argv as string[])];
    if (command?.length === 0)
      throw new Problem('COMMAND_USAGE', { detail: 'After -- comes the program to run.' });
    if (names.length > 1 && (command || flags.port))
      throw new Problem('COMMAND_USAGE', {
        detail: 'Several resources at once take neither --port nor a program.',
      });
    if (flags.port !== undefined && (flags.port < 0 || flags.port > 65_535))
      throw new Problem('LOCAL_PORT_INVALID', { detail: `${flags.port} is not a port number.` });
    const server = await this.server();
    const wish = { for: flags.for, reason: flags.reason, ticket: flags.ticket };
    if (flags.background) {
      if (command)
        throw new Problem('COMMAND_USAGE', {
          detail: 'A program runs in the foreground: leave out --background.',
        });
      const { backgroundStory } = await import('../stories/background.ts');
      return backgroundStory(
        { world: this.world, server, printer: this.printer, debug: this.debugLine },
        names.map((name) => ({ name, port: flags.port ?? null, bind: null, socketPath: null, source: null })),
        wish,
        !flags['no-wait'],
      );
    }
    const { connectStory } = await import('../stories/connect.ts');
    return connectStory(
      { world: this.world, server, printer: this.printer, debug: this.debugLine },
      {
        names,
        command,
        port: flags.port,
        wait: !flags['no-wait'],
        wish,
      },
    );
  }
}
