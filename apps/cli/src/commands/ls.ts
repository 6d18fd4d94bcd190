import { Flags } from '@oclif/core';
import { TunnelCommand } from '../tunnel-command.ts';

export default class Ls extends TunnelCommand {
  static override summary = 'List what you may ask for, and what you have.';
  static override examples = ['tunnel ls', 'tunnel ls --tag environment=production', 'tunnel ls --json'];
  static override flags = {
    tag: Flags.string({ multiple: true, description: 'only resources with this tag', helpValue: 'K=V' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(Ls);
    const { listResources, resourceColumns } = await import('../stories/resources.ts');
    const { reachedLines } = await import('../output/reached.ts');
    const [server, tags] = [await this.server(), flags.tag ?? []];
    const resources = await listResources(server, tags);
    if (tags.length === 0) await this.refreshHosts(server, resources);
    const items = resources.map((resource) => ({ ...resource, reaches: reachedLines(resource) }));
    const columns = resourceColumns(this.world.effects.clock.now());
    await this.printer.list(
      items,
      columns,
      'No policy lets you ask for anything yet. An administrator can change that.',
    );
  }
}
