import { Flags } from '@oclif/core';
import { TunnelCommand } from '../tunnel-command.ts';

export default class Ps extends TunnelCommand {
  static override summary =
    'List your live tunnels: where they listen, how long they last, how much goes through, and how well.';
  static override examples = ['tunnel ps', 'tunnel ps --watch', 'tunnel ps --json'];
  static override flags = {
    watch: Flags.boolean({
      description: 'show it again every second until Ctrl-C; with --json one object a second',
    }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(Ps);
    const { liveTunnels } = await import('../stories/running-tunnels.ts');
    const server = await this.server();
    if (!flags.watch) return this.#show(await liveTunnels(server, this.world));
    const { watch } = await import('../stories/watch.ts');
    await watch(this.world, async () => this.#show(await liveTunnels(server, this.world)));
  }

  async #show(
    items: Awaited<ReturnType<typeof import('../stories/running-tunnels.ts').liveTunnels>>,
  ): Promise<void> {
    const { limitedLines, liveTunnelColumns } = await import('../stories/running-tunnels.ts');
    const now = this.world.effects.clock.now();
    await this.printer.list(
      items,
      liveTunnelColumns(now),
      'No tunnel is open. Open one: tunnel connect NAME',
    );
    if (!this.printer.json) for (const line of limitedLines(items)) this.printer.say(line);
  }
}
