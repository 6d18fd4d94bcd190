import { Flags } from '@oclif/core';
import { clean } from '../../output/text.ts';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class PluginInstall extends TunnelCommand {
  static override summary =
    'Put our session-manager-plugin where the AWS CLI finds it: aws ssm start-session then runs by Sallyport.';
  static override examples = [
    'tunnel plugin install',
    'tunnel plugin install --dir ~/bin',
    'tunnel plugin install --force   (beside another one, which stays as it is)',
  ];
  static override description =
    'It is a drop-in: the same arguments and the same lines, but a failure has an exit status, a lost connection comes back, and the end of standard input loses no output.';
  static override flags = {
    dir: Flags.string({ description: 'the folder to put it into; else ~/.local/bin', helpValue: 'DIR' }),
    force: Flags.boolean({ description: 'although PATH has another one, which is never touched' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(PluginInstall);
    const { installPlugin } = await import('../../plugin/installed.ts');
    const { state, path, first } = await installPlugin(this.world, { dir: flags.dir, force: flags.force });
    const inUse = first === path;
    this.printer.answer({ id: 'plugin', state, path, inUse, first }, () => path);
    if (this.printer.json) return;
    if (inUse) return this.printer.done('the AWS CLI starts it from now on: aws ssm start-session');
    this.printer.say(
      first === null
        ? `its folder is not on PATH, so the AWS CLI does not find it yet`
        : `the AWS CLI still starts ${clean(first)}, which PATH has first`,
    );
  }
}
