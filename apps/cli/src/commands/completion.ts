import { Args } from '@oclif/core';
import { completionScripts, type Shell } from '../completion/scripts.ts';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

const shells = Object.keys(completionScripts) as Shell[];

export default class Completion extends TunnelCommand {
  static override summary = 'Print the script that lets your shell complete commands, flags and names.';
  static override examples = [
    'eval "$(tunnel completion bash)"',
    'tunnel completion zsh > "${fpath[1]}/_tunnel"',
    'tunnel completion fish | source',
  ];
  static override usage = 'bash|zsh|fish';
  static override args = { shell: Args.custom<Shell>({ options: shells })(nameArgument) };

  async work(): Promise<void> {
    const { args } = await this.parse(Completion);
    const script = completionScripts[args.shell];
    this.printer.answer({ id: args.shell, state: 'described', script }, () => script);
  }
}
