import { TunnelCommand } from '../../tunnel-command.ts';

export default class GroupsList extends TunnelCommand {
  static override summary = 'List the groups and who is in them.';
  static override examples = [
    'tunnel groups list',
    'tunnel groups list --json',
    "tunnel groups list --json | jq -r '.items[].name'",
  ];

  async work(): Promise<void> {
    await this.parse(GroupsList);
    const { items } = await (await this.server()).api.listGroups();
    await this.printer.list(
      items,
      [
        { title: 'Group', value: ({ name }) => name },
        { title: 'Members', value: ({ members }) => members.map(({ email }) => email).join(', ') },
      ],
      'Nobody is in a group.',
    );
  }
}
