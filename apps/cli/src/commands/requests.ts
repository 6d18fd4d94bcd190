import { Flags } from '@oclif/core';
import { TunnelCommand } from '../tunnel-command.ts';

export default class Requests extends TunnelCommand {
  static override summary = 'List your requests, or those that wait for your answer.';
  static override examples = [
    'tunnel requests',
    'tunnel requests --to-review',
    'tunnel requests --all --json',
  ];
  static override flags = {
    'to-review': Flags.boolean({ description: 'requests that you may approve or deny' }),
    all: Flags.boolean({ description: 'decided ones too; with --to-review, only pending ones exist' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(Requests);
    const { listRequests, requestColumns, factsText } = await import('../stories/requests.ts');
    const server = await this.server();
    const toReview = flags['to-review'];
    const pendingOnly = toReview || !flags.all;
    const items = await listRequests(
      server,
      toReview ? 'to-review' : 'mine',
      pendingOnly ? ['pending'] : undefined,
    );
    const empty = toReview
      ? 'Nothing waits for your answer.'
      : pendingOnly
        ? 'None of your requests waits. Older ones: tunnel requests --all'
        : 'You have asked for nothing yet. See what there is: tunnel ls';
    if (toReview && this.printer.out.isTTY && !this.printer.json && items.length > 0) {
      for (const item of items) this.printer.data(factsText(item, this.printer.paint));
      this.printer.say(
        `\nAnswer: tunnel approve ${items[0]?.id}   or   tunnel deny ${items[0]?.id} --comment TEXT`,
      );
      return;
    }
    await this.printer.list(items, requestColumns(this.world.effects.clock.now()), empty);
  }
}
