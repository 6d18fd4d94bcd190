import { Args } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../../tunnel-command.ts';

export default class GroupsRemove extends TunnelCommand {
  static override summary = 'Take somebody out of a group; grants that no policy gives them any more end.';
  static override examples = [
    'tunnel groups remove web-operators ada@example.com',
    'tunnel groups remove web-operators ada@example.com --json',
    'tunnel groups remove web-operators ada@example.com && tunnel users plan web-1',
  ];
  static override usage = 'GROUP EMAIL';
  static override args = { group: Args.string(nameArgument), email: Args.string(nameArgument) };

  async work(): Promise<void> {
    const { args } = await this.parse(GroupsRemove);
    const changed = await (await this.server()).api.leaveGroup(args.group, args.email);
    this.printer.answer(changed, () => changed.groups.join(' '));
    if (!this.printer.json) this.printer.done(`${changed.person.email} is out of ${args.group}`);
  }
}
