import { Flags } from '@oclif/core';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class HelperUninstall extends TunnelCommand {
  static override summary = 'Remove the privileged helper and what it believed, as root.';
  static override examples = [
    'sudo tunnel helper uninstall',
    'sudo tunnel helper uninstall --json',
    'sudo tunnel helper uninstall --prefix /opt/sallyport',
  ];
  static override flags = {
    prefix: Flags.string({ description: 'where it was installed', helpValue: 'DIR' }),
    root: Flags.string({ description: 'another root of the file system, for images', helpValue: 'DIR' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(HelperUninstall);
    const { uninstallHelper } = await import('../../stories/helper.ts');
    const { removed, running } = await uninstallHelper(this.world, flags);
    this.printer.answer({ id: 'helper', state: running ? 'running' : 'absent', removed }, () =>
      removed.join('\n'),
    );
    if (this.printer.json) return;
    this.printer.done(removed.length > 0 ? 'the helper is gone' : 'there was none');
    if (running)
      this.printer.say('one that was started by hand still runs: end it, and its routes go with it');
  }
}
