import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Revoke extends TunnelCommand {
  static override summary = 'End somebody’s grant at once; its sessions are cut.';
  static override examples = [
    'tunnel revoke grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y --reason "laptop lost"',
    'tunnel revoke grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y --reason "incident over" --json',
    'tunnel audit search --type grant.revoked',
  ];
  static override usage = 'GRANT';
  static override args = { grant: Args.string(nameArgument) };
  static override flags = {
    reason: Flags.string({
      required: true,
      description: 'why; it is recorded and shown to the person',
      helpValue: 'TEXT',
    }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Revoke);
    const { revokeGrant } = await import('../stories/grants.ts');
    const grant = await revokeGrant(await this.server(), args.grant, flags.reason);
    this.printer.answer(grant, () => grant.id);
    if (!this.printer.json)
      this.printer.done(`ended ${grant.person.email}’s grant of ${grant.resource.name}`);
  }
}
