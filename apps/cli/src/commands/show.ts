import { Args } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Show extends TunnelCommand {
  static override summary =
    'Show one resource: where it lives, who may use it, what is recorded, and what you have.';
  static override examples = ['tunnel show prod-rds', 'tunnel show prod-web', 'tunnel show prod-rds --json'];
  static override usage = 'NAME';
  static override args = { name: Args.string(nameArgument) };

  async work(): Promise<void> {
    const { args } = await this.parse(Show);
    const { readResource, resourceText } = await import('../stories/resources.ts');
    const resource = await readResource(await this.server(), args.name);
    this.printer.answer({ ...resource, state: resource.mine.state }, () =>
      resourceText(resource, this.world.effects.clock.now(), this.printer.paint),
    );
  }
}
