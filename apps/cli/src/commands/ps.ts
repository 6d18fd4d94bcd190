import { Flags } from '@oclif/core';
import type { Server } from '../server/server.ts';
import type { LiveTunnel } from '../stories/running-tunnels.ts';
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
    const server = await this.server();
    if (!flags.watch) return this.#show(await this.#tunnels(server));
    const { watch } = await import('../stories/watch.ts');
    await watch(this.world, async () => this.#show(await this.#tunnels(server)));
  }

  /** What runs here is told also while the control plane is out of reach: just then people ask how it is. */
  async #tunnels(server: Server): Promise<readonly LiveTunnel[]> {
    const { liveTunnels, localTunnels } = await import('../stories/running-tunnels.ts');
    try {
      return await liveTunnels(server, this.world);
    } catch (error) {
      const { troubleOf } = await import('../output/problem-text.ts');
      const { kind, code } = troubleOf(error);
      const local = kind === 'unavailable' ? await localTunnels(this.world) : [];
      if (local.length === 0) throw error;
      this.printer.say(`The control plane does not answer (${code}): only those of this machine are listed.`);
      return local;
    }
  }

  async #show(items: readonly LiveTunnel[]): Promise<void> {
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
