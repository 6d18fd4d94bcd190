import { TunnelCommand } from '../tunnel-command.ts';

export default class Status extends TunnelCommand {
  static override summary =
    'Show where you stand: tunnels, grants, requests, and the likeliest next command.';
  static override examples = ['tunnel', 'tunnel status', 'tunnel status --json'];

  async work(): Promise<void> {
    await this.parse(Status);
    const { whereYouStand, standingText } = await import('../stories/where-you-stand.ts');
    const server = await this.serverIfSignedIn();
    if (server) await this.refreshHosts(server);
    const standing = await whereYouStand(server, this.world);
    this.printer.answer(standing, () =>
      standingText(standing, this.world.effects.clock.now(), this.printer.paint),
    );
  }
}
