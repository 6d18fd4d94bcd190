import { Args, Flags } from '@oclif/core';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class RecordingDiscard extends TunnelCommand {
  static override summary = 'Remove recordings from this machine that the control plane refused.';
  static override examples = [
    'tunnel recording discard 0b0e7c1e-52f6-4b0a-9a58-0d2c1f1a7c10',
    'tunnel recording discard 0b0e7c1e-52f6-4b0a-9a58-0d2c1f1a7c10 --yes',
    'tunnel recording left',
  ];
  static override description =
    'The auditors never get what is removed; the audit log says that it is missing. What only waits to be handed over is not removed.';
  static override usage = 'ID... [--yes]';
  static override strict = false;
  static override args = {
    id: Args.string({ description: 'id of the recording', required: true, ignoreStdin: true }),
  };
  static override flags = {
    yes: Flags.boolean({ description: 'do not ask' }),
  };

  async work(): Promise<void> {
    const { argv, flags } = await this.parse(RecordingDiscard);
    const { discardLeft } = await import('../../recording/left.ts');
    const ids = [...new Set(argv as string[])];
    const removed = await discardLeft(this.world, ids, flags.yes);
    const items = removed.map((left) => ({ ...left, state: 'removed' }));
    if (this.printer.json) this.printer.object({ items });
    else for (const { id } of items) this.printer.done(`removed ${id}`);
  }
}
