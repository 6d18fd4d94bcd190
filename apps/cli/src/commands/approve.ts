import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Approve extends TunnelCommand {
  static override summary = 'Approve a request, whole or narrowed; what you approve is what is shown.';
  static override examples = [
    'tunnel approve req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    'tunnel approve req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y --for 30m --comment "half an hour is enough"',
    'tunnel approve req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y --only prod-web',
  ];
  static override usage = 'ID';
  static override args = { id: Args.string(nameArgument) };
  static override flags = {
    only: Flags.string({
      multiple: true,
      description: 'approve this resource and deny the others',
      helpValue: 'NAME',
    }),
    for: Flags.string({ description: 'a shorter time than asked for', helpValue: 'TIME' }),
    comment: Flags.string({ description: 'a word to the requester', helpValue: 'TEXT' }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Approve);
    const { factsText, readRequest, reviewRequest } = await import('../stories/requests.ts');
    const { parseDuration, sayDuration } = await import('../output/duration.ts');
    const durationSeconds = flags.for === undefined ? undefined : parseDuration(flags.for);
    const server = await this.server();
    const shown = await readRequest(server, args.id);
    if (!this.printer.json) this.printer.say(factsText(shown, this.printer.talkPaint));
    const request = await reviewRequest(server, shown, {
      verdict: 'approve',
      comment: flags.comment,
      only: flags.only,
      durationSeconds,
    });
    this.printer.answer(request, () => request.id);
    if (!this.printer.json)
      this.printer.done(`${request.state} for ${sayDuration(durationSeconds ?? request.durationSeconds)}`);
  }
}
