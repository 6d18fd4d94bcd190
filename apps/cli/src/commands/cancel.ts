import { Args } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Cancel extends TunnelCommand {
  static override summary = 'Withdraw a request of yours that nobody has answered yet.';
  static override examples = [
    'tunnel cancel req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    'tunnel cancel req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y --json',
    'tunnel requests',
  ];
  static override usage = 'ID';
  static override args = { id: Args.string(nameArgument) };

  async work(): Promise<void> {
    const { args } = await this.parse(Cancel);
    const { cancelRequest } = await import('../stories/requests.ts');
    const request = await cancelRequest(await this.server(), args.id);
    this.printer.answer(request, () => request.id);
    if (!this.printer.json) this.printer.done('cancelled');
  }
}
