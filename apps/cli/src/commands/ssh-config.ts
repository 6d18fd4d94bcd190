import { Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import { TunnelCommand } from '../tunnel-command.ts';

export default class SshConfig extends TunnelCommand {
  static override summary = 'Let ssh, scp, sftp, rsync and editors reach hosts by their names.';
  static override examples = [
    'tunnel ssh-config --install   (then: ssh web-1, scp FILE web-1:, rsync -a DIR web-1:)',
    'tunnel ssh-config',
    'tunnel ssh-config --uninstall',
  ];
  static override flags = {
    install: Flags.boolean({ description: 'write it, and include it at the top of ~/.ssh/config' }),
    uninstall: Flags.boolean({ description: 'take both away again' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(SshConfig);
    if (flags.install && flags.uninstall)
      throw new Problem('COMMAND_USAGE', { detail: '--install and --uninstall exclude each other.' });
    const [{ installConfig, uninstallConfig }, { sshConfigText }, { sshNames }, { listResources }] =
      await Promise.all([
        import('../ssh/install-config.ts'),
        import('../ssh/ssh-config.ts'),
        import('../ssh/find-host.ts'),
        import('../stories/resources.ts'),
      ]);
    if (flags.uninstall) {
      const { state, path, include, backup } = await uninstallConfig(this.world);
      return this.printer.answer({ id: 'ssh-config', state, path, include, backup }, () =>
        state === 'removed' ? `${path} includes ${include} no more` : 'nothing was installed',
      );
    }
    const told = sshNames(await listResources(await this.server(), []));
    const names = told.map(({ name }) => name);
    const text = sshConfigText(this.world, told);
    if (!flags.install)
      return this.printer.answer({ id: 'ssh-config', state: 'printed', hosts: names, text }, () => text);
    const { state, path, include, backup } = await installConfig(this.world, text);
    this.printer.answer({ id: 'ssh-config', state, hosts: names, path, include, backup }, () =>
      state === 'unchanged' ? `${path} is as it should be` : `${path} includes ${include}`,
    );
    if (this.printer.json) return;
    if (backup !== null) this.printer.say(`as it was before: ${backup}`);
    const [first] = names;
    this.printer.say(first === undefined ? 'by instance id: ssh USER@i-...' : `now: ssh ${first}`);
  }
}
