import { Flags } from '@oclif/core';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class RecordingList extends TunnelCommand {
  static override summary = 'List recorded sessions: whose, of what, how long; for auditors.';
  static override examples = [
    'tunnel recording list',
    'tunnel recording list --resource web-1-shell',
    'tunnel recording list --grant grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y --json',
  ];
  static override flags = {
    person: Flags.string({ description: 'whose', helpValue: 'EMAIL' }),
    resource: Flags.string({ description: 'of which resource', helpValue: 'NAME' }),
    grant: Flags.string({ description: 'under which grant', helpValue: 'ID' }),
    session: Flags.string({ description: 'of which session', helpValue: 'ID' }),
    limit: Flags.integer({ description: 'how many at most', default: 50, min: 1, max: 1000, helpValue: 'N' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(RecordingList);
    const { listStored, storedColumns } = await import('../../recording/stored.ts');
    const items = await listStored(await this.server(), flags, flags.limit);
    await this.printer.list(items, storedColumns, 'No such session was recorded.');
  }
}
