import { Flags } from '@oclif/core';
import { clean } from '../../output/text.ts';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class PluginUninstall extends TunnelCommand {
  static override summary =
    'Take our session-manager-plugin away again; one of somebody else is never touched.';
  static override examples = [
    'tunnel plugin uninstall',
    'tunnel plugin uninstall --dir ~/bin',
    'tunnel plugin uninstall --json',
  ];
  static override flags = {
    dir: Flags.string({ description: 'only from this folder', helpValue: 'DIR' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(PluginUninstall);
    const { findPlugins, uninstallPlugin } = await import('../../plugin/installed.ts');
    const removed = await uninstallPlugin(this.world, flags.dir);
    const first = (await findPlugins(this.world)).onPath[0]?.path ?? null;
    const state = removed.length > 0 ? 'removed' : 'absent';
    this.printer.answer({ id: 'plugin', state, removed, first }, () =>
      removed.length > 0 ? removed.map(clean).join('\n') : 'nothing was installed',
    );
    if (first !== null && !this.printer.json) this.printer.say(`the AWS CLI starts ${clean(first)} now`);
  }
}
