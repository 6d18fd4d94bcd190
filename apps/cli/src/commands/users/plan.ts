import { Args } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../../tunnel-command.ts';

export default class UsersPlan extends TunnelCommand {
  static override summary = 'Show what would be done to people’s accounts on the hosts of a gateway.';
  static override examples = [
    'tunnel users plan web-1',
    'tunnel users plan web-1 --json',
    'tunnel users plan web-1 && tunnel users apply web-1 --plan DIGEST',
  ];
  static override usage = 'GATEWAY';
  static override args = { gateway: Args.string(nameArgument) };

  async work(): Promise<void> {
    const { args } = await this.parse(UsersPlan);
    const { planText } = await import('../../stories/accounts.ts');
    const plan = await (await this.server()).api.planAccounts(args.gateway);
    this.printer.answer(plan, () => planText(plan));
  }
}
