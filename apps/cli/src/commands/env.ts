import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Env extends TunnelCommand {
  static override summary =
    'Print the environment of an open tunnel for your shell; secrets stay in 0600 files.';
  static override examples = [
    'eval "$(tunnel env prod-rds)"; psql',
    'eval "$(tunnel env prod-rds --unset)"',
    'tunnel env prod-rds --json',
  ];
  static override usage = 'NAME';
  static override args = { name: Args.string(nameArgument) };
  static override flags = {
    unset: Flags.boolean({ description: 'print what takes the same variables back' }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Env);
    const { environmentToPrint, variablesToUnset } = await import('../stories/environment.ts');
    const server = await this.server();
    if (flags.unset) {
      const unset = await variablesToUnset(server, args.name);
      const { unsetLine } = await import('../clients/shell-words.ts');
      return this.printer.answer({ id: args.name, state: 'unset', unset }, () => unsetLine(unset));
    }
    const { answer, lines } = await environmentToPrint(this.world, server, args.name);
    this.printer.answer(answer, () => lines);
  }
}
