import { cwd } from 'node:process';
import { Flags } from '@oclif/core';
import { TunnelCommand } from '../tunnel-command.ts';

export default class Down extends TunnelCommand {
  static override summary = 'Close the background tunnels that a file names; the grants stay yours.';
  static override examples = ['tunnel down', 'tunnel down -f team.yaml', 'tunnel down --json'];
  static override usage = '[-f FILE]';
  static override flags = {
    file: Flags.string({
      char: 'f',
      description: 'the file (tunnels.yaml)',
      default: 'tunnels.yaml',
      helpValue: 'FILE',
    }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(Down);
    const { readTunnelsFile } = await import('../stories/tunnels-file.ts');
    const { downStory } = await import('../stories/up.ts');
    const file = await readTunnelsFile(flags.file, cwd(), this.world.home);
    await downStory({ world: this.world, printer: this.printer }, file);
  }
}
