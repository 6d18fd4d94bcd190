import { clean } from '../../output/text.ts';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class PluginStatus extends TunnelCommand {
  static override summary =
    'Show which session-manager-plugin the AWS CLI starts: ours, another one, or none.';
  static override examples = [
    'tunnel plugin status',
    'tunnel plugin status --json',
    'PATH=~/bin:$PATH tunnel plugin status',
  ];

  async work(): Promise<void> {
    await this.parse(PluginStatus);
    const { findPlugins } = await import('../../plugin/installed.ts');
    const { onPath } = await findPlugins(this.world);
    const [first] = onPath;
    const behind = onPath.some(({ ours }) => ours) ? 'shadowed' : 'absent';
    const state = first?.ours === true ? 'installed' : behind;
    this.printer.answer({ id: 'plugin', state, plugins: onPath }, () =>
      onPath.length === 0
        ? 'PATH has no session-manager-plugin; ours comes by: tunnel plugin install'
        : onPath
            .map(({ path, ours }, at) => {
              const whose = ours ? 'ours' : 'not ours';
              return `${clean(path)}  ${whose}${at === 0 ? ', started by the AWS CLI' : ', shadowed'}`;
            })
            .join('\n'),
    );
  }
}
