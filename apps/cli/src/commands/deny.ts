import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Deny extends TunnelCommand {
  static override summary = 'Deny a request and say why.';
  static override examples = [
    'tunnel deny req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y --comment "use the replica"',
    'tunnel deny req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y --comment "not during the freeze" --json',
    'tunnel requests --to-review',
  ];
  static override usage = 'ID';
  static override args = { id: Args.string(nameArgument) };
  static override flags = {
    comment: Flags.string({ required: true, description: 'why; the requester reads it', helpValue: 'TEXT' }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Deny);
    const { readRequest, reviewRequest } = await import('../stories/requests.ts');
    const server = await this.server();
    const shown = await readRequest(server, args.id);
    const request = await reviewRequest(server, shown, { verdict: 'deny', comment: flags.comment });
    this.printer.answer(request, () => request.id);
    if (!this.printer.json) this.printer.done(request.state);
  }
}
