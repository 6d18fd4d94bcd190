import { TunnelCommand } from '../../tunnel-command.ts';

export default class RecordingLeft extends TunnelCommand {
  static override summary =
    'List recordings of your own sessions that still lie on this machine, and why they were not taken.';
  static override examples = [
    'tunnel recording left',
    'tunnel recording left --json',
    'tunnel recording discard 0b0e7c1e-52f6-4b0a-9a58-0d2c1f1a7c10',
  ];
  static override description =
    'A recording is handed over when its session ends, else by the next command or the background process; one that was refused is offered again each hour. They are encrypted to the auditors, and you cannot read them.';

  async work(): Promise<void> {
    await this.parse(RecordingLeft);
    const { leftColumns, leftHere } = await import('../../recording/left.ts');
    const { clean } = await import('../../output/text.ts');
    const items = await leftHere(this.world);
    await this.printer.list(items, leftColumns, 'Nothing lies here: every recording was handed over.');
    if (this.printer.json) return;
    for (const { refused, state, name } of items)
      if (refused && state === 'refused')
        this.printer.say(`${clean(name)} was not taken: ${clean(refused.detail)} (${clean(refused.code)})`);
    const refused = items.find(({ state }) => state === 'refused');
    if (refused)
      this.printer.say(
        `It is offered again each hour. To remove it for good: tunnel recording discard ${refused.id}`,
      );
  }
}
