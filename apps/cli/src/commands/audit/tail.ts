import { Flags } from '@oclif/core';
import { TunnelCommand } from '../../tunnel-command.ts';
import { auditFilterFlags } from './filter-flags.ts';

export default class AuditTail extends TunnelCommand {
  static override summary = 'Show the latest events and, with --follow, new ones as they happen.';
  static override examples = [
    'tunnel audit tail',
    'tunnel audit tail --follow',
    'tunnel audit tail --resource prod-rds --json',
  ];
  static override flags = {
    ...auditFilterFlags,
    follow: Flags.boolean({ description: 'go on until Ctrl-C; with --json one object per line' }),
    limit: Flags.integer({
      description: 'how many of the latest',
      default: 10,
      min: 1,
      max: 1000,
      helpValue: 'N',
    }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(AuditTail);
    const { followAudit, searchAudit, auditColumns } = await import('../../stories/audit.ts');
    const server = await this.server();
    const now = this.world.effects.clock.now();
    const { items } = await searchAudit(server, flags, flags.limit, now);
    const oldestFirst = [...items].sort((a, b) => a.position - b.position);
    if (!flags.follow) return this.printer.list(oldestFirst, auditColumns, 'Nothing is recorded yet.');
    const tell = (event: (typeof items)[number]) =>
      this.printer.json ? this.printer.object(event) : this.printer.data(`${event.at}  ${event.sentence}`);
    oldestFirst.forEach(tell);
    await followAudit(
      { world: this.world, server, debug: this.debugLine },
      flags,
      oldestFirst.at(-1)?.position ?? 0,
      tell,
    );
  }
}
