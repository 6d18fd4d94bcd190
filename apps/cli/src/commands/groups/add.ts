import { Args } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../../tunnel-command.ts';

export default class GroupsAdd extends TunnelCommand {
  static override summary = 'Put somebody into a group.';
  static override examples = [
    'tunnel groups add web-operators ada@example.com',
    'tunnel groups add web-operators ada@example.com --json',
    'tunnel groups add web-operators ada@example.com && tunnel users plan web-1',
  ];
  static override usage = 'GROUP EMAIL';
  static override args = { group: Args.string(nameArgument), email: Args.string(nameArgument) };

  async work(): Promise<void> {
    const { args } = await this.parse(GroupsAdd);
    const changed = await (await this.server()).api.joinGroup(args.group, args.email);
    this.printer.answer(changed, () => changed.groups.join(' '));
    if (!this.printer.json) this.printer.done(`${changed.person.email} is in ${args.group}`);
  }
}
