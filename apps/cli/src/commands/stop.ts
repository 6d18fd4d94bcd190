import { Args, Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Stop extends TunnelCommand {
  static override summary = 'Close a tunnel on this machine; the grant stays yours.';
  static override examples = ['tunnel stop prod-rds', 'tunnel stop --all', 'tunnel stop --daemon'];
  static override usage = 'NAME | --all | --daemon';
  static override args = { name: Args.string({ ...nameArgument, required: false }) };
  static override flags = {
    all: Flags.boolean({ description: 'every tunnel of yours on this machine' }),
    daemon: Flags.boolean({ description: 'the background process with its tunnels, whatever its version' }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Stop);
    if ([args.name !== undefined, flags.all, flags.daemon].filter(Boolean).length !== 1)
      throw new Problem('COMMAND_USAGE', { detail: 'Give a NAME, --all or --daemon.' });
    if (flags.daemon) return this.#endBackground();
    // Needs no server; but where there is one, what killed tunnels left is finished on the way.
    await this.serverIfSignedIn();
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

  async #endBackground(): Promise<void> {
    const { endBackgroundProcess } = await import('../daemon/background-process.ts');
    const ended = await endBackgroundProcess(this.world);
    this.printer.answer(
      { id: 'daemon', state: ended ? 'closed' : 'absent', pid: ended?.pid ?? null },
      () => '',
    );
    if (!this.printer.json)
      this.printer.done(ended ? 'the background process has ended' : 'no background process runs');
  }
}
