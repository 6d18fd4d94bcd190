import { TunnelCommand } from '../../tunnel-command.ts';

export default class HelperStatusCommand extends TunnelCommand {
  static override summary =
    'Show what the privileged helper has put into this system for you: devices, routes, rules, names.';
  static override examples = [
    'tunnel helper status',
    'tunnel helper status --json',
    'TUNNEL_HELPER_SOCKET=/run/sallyport/helper.sock tunnel helper status',
  ];

  async work(): Promise<void> {
    await this.parse(HelperStatusCommand);
    const [{ thisSystem }, { setFindings }, { findingsText }] = await Promise.all([
      import('../../network/this-system.ts'),
      import('../../diagnosis/network-checks.ts'),
      import('../../diagnosis/finding.ts'),
    ]);
    const helper = await thisSystem.helper(this.world.env['TUNNEL_HELPER_SOCKET'] || undefined);
    try {
      const { version, issuers, swept, sets } = await helper.status();
      this.printer.answer({ id: 'helper', state: 'running', version, issuers, swept, sets }, () =>
        findingsText(
          setFindings({ version, issuers, swept, sets }, this.world.effects.clock.now()),
          this.printer.paint,
        ),
      );
    } finally {
      await helper.close();
    }
  }
}
