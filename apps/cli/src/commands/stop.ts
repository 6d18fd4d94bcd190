import { Args, Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Stop extends TunnelCommand {
  static override summary = 'Close a tunnel on this machine; the grant stays yours.';
  static override examples = ['tunnel stop prod-rds', 'tunnel stop --all', 'tunnel stop prod-rds --json'];
  static override usage = 'NAME | --all';
  static override args = { name: Args.string({ ...nameArgument, required: false }) };
  static override flags = { all: Flags.boolean({ description: 'every tunnel of yours on this machine' }) };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Stop);
    if ((args.name === undefined) === !flags.all)
      throw new Problem('COMMAND_USAGE', { detail: 'Give a NAME or --all.' });
    const { stopTunnels } = await import('../stories/running-tunnels.ts');
    const stopped = await stopTunnels(
      this.world,
      (tunnel) => flags.all || tunnel.name === args.name || tunnel.id === args.name,
    );
    if (stopped.length === 0 && !flags.all)
      throw new Problem('TUNNEL_UNKNOWN', { detail: `No tunnel to "${args.name}" runs on this machine.` });
    this.printer.answer({ items: stopped.map((tunnel) => ({ ...tunnel, state: 'closed' })) }, () =>
      stopped.map((tunnel) => tunnel.name).join('\n'),
    );
    if (!this.printer.json)
      this.printer.done(`${stopped.length === 1 ? '1 tunnel' : `${stopped.length} tunnels`} closed`);
  }
}
