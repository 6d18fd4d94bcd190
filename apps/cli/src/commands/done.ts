import { Args, Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Done extends TunnelCommand {
  static override summary = 'Give a grant back before its time; its tunnels on this machine close first.';
  static override examples = ['tunnel done prod-rds', 'tunnel done --all', 'tunnel done prod-rds --json'];
  static override usage = 'NAME | --all';
  static override args = { name: Args.string({ ...nameArgument, required: false }) };
  static override flags = { all: Flags.boolean({ description: 'every grant you hold' }) };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Done);
    if ((args.name === undefined) === !flags.all)
      throw new Problem('COMMAND_USAGE', { detail: 'Give a NAME or --all.' });
    const { returnGrants } = await import('../stories/grants.ts');
    const { stopTunnels } = await import('../stories/running-tunnels.ts');
    const server = await this.server();
    await stopTunnels(
      this.world,
      (tunnel) => flags.all || tunnel.name === args.name || tunnel.grantId === args.name,
    );
    const items = await returnGrants(server, args.name);
    this.printer.answer({ items }, () => items.map((grant) => grant.id).join('\n'));
    if (this.printer.json) return;
    for (const grant of items) this.printer.done(`returned ${grant.resource.name}`);
    if (items.length === 0) this.printer.say('You hold no grant.');
  }
}
