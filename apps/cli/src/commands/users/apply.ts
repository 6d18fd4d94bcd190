import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../../tunnel-command.ts';

export default class UsersApply extends TunnelCommand {
  static override summary = 'Do exactly what a plan of accounts showed.';
  static override examples = [
    'tunnel users apply web-1 --plan DIGEST',
    'tunnel users apply web-1 --plan DIGEST --json',
    'tunnel users plan web-1 && tunnel users apply web-1 --plan DIGEST',
  ];
  static override usage = 'GATEWAY';
  static override args = { gateway: Args.string(nameArgument) };
  static override flags = {
    plan: Flags.string({
      required: true,
      description: 'the digest that `tunnel users plan` ended with',
      helpValue: 'DIGEST',
    }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(UsersApply);
    const { appliedText, demandApplied } = await import('../../stories/accounts.ts');
    const applied = await (await this.server()).api.applyAccounts(args.gateway, flags.plan);
    this.printer.answer(applied, () => appliedText(applied));
    demandApplied(applied);
  }
}
