import { Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import { TunnelCommand } from '../tunnel-command.ts';

export default class Scp extends TunnelCommand {
  static override summary = "Copy files to and from hosts with the system's scp.";
  static override examples = [
    'tunnel scp report.csv web-1:/tmp/',
    'tunnel scp -r web-1:/var/log/orders ./logs',
    'tunnel scp --for 1h --reason "INC-4312 logs" web-1:/var/log/syslog .',
  ];
  static override usage = '[options] [options of scp] SOURCE ... TARGET';
  static override strict = false;
  static override flags = {
    for: Flags.string({ description: 'how long to ask for: 30m, 1h, 1h30m', helpValue: 'TIME' }),
    reason: Flags.string({ description: 'why, when it has to be asked for', helpValue: 'TEXT' }),
    ticket: Flags.string({ description: 'number of the work item', helpValue: 'T' }),
    'no-wait': Flags.boolean({ description: 'without a grant do not wait: ask, then return 8' }),
  };

  async work(): Promise<number> {
    const [{ leadingOptions }, { hostsOfScp, runSsh }] = await Promise.all([
      import('../ssh/words.ts'),
      import('../ssh/run-ssh.ts'),
    ]);
    const { ours, rest } = leadingOptions(this.argv, ['--for', '--reason', '--ticket']);
    this.argv = ours;
    const { flags } = await this.parse(Scp);
    const hosts = hostsOfScp(rest);
    if (hosts.length === 0)
      throw new Problem('COMMAND_USAGE', { detail: 'Nothing names a host: tunnel scp FILE NAME:PATH' });
    const server = await this.server();
    return runSsh(
      { world: this.world, server, printer: this.printer, debug: this.debugLine },
      {
        ...{ program: 'scp', hosts, words: rest },
        wish: { for: flags.for, reason: flags.reason, ticket: flags.ticket },
        wait: !flags['no-wait'],
      },
    );
  }
}
