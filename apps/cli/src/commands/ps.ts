import { TunnelCommand } from '../tunnel-command.ts';

export default class Ps extends TunnelCommand {
  static override summary =
    'List your live tunnels: where they listen, how long they last, how much went through.';
  static override examples = ['tunnel ps', 'tunnel ps --json', 'tunnel stop prod-rds'];

  async work(): Promise<void> {
    await this.parse(Ps);
    const { liveTunnels, liveTunnelColumns } = await import('../stories/running-tunnels.ts');
    const items = await liveTunnels(await this.server(), this.world);
    const now = this.world.effects.clock.now();
    await this.printer.list(
      items,
      liveTunnelColumns(now),
      'No tunnel is open. Open one: tunnel connect NAME',
    );
  }
}
