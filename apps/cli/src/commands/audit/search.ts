import { Flags } from '@oclif/core';
import { TunnelCommand } from '../../tunnel-command.ts';
import { auditFilterFlags } from './filter-flags.ts';

export default class AuditSearch extends TunnelCommand {
  static override summary = 'Search who asked, approved, reached and ended what.';
  static override examples = [
    'tunnel audit search --resource prod-rds --from 30d',
    'tunnel audit search --person engineer@example.com --type grant.revoked',
    'tunnel audit search --grant grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y --json',
  ];
  static override flags = {
    ...auditFilterFlags,
    limit: Flags.integer({
      description: 'how many events at most',
      default: 50,
      min: 1,
      max: 1000,
      helpValue: 'N',
    }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(AuditSearch);
    const { searchAudit, auditColumns } = await import('../../stories/audit.ts');
    const now = this.world.effects.clock.now();
    const { items, nextCursor } = await searchAudit(await this.server(), flags, flags.limit, now);
    await this.printer.list(items, auditColumns, 'No such event is recorded, or none that you may read.', {
      nextCursor,
    });
  }
}
