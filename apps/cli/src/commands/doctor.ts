import { TunnelCommand } from '../tunnel-command.ts';

export default class Doctor extends TunnelCommand {
  static override summary =
    'Check everything a tunnel needs: network, server, sign-in, clock, AWS; with a NAME a real session too.';
  static override examples = ['tunnel doctor', 'tunnel doctor prod-rds', 'tunnel doctor --json'];
  static override usage = '[NAME...]';
  static override strict = false;

  async work(): Promise<number> {
    const { argv } = await this.parse(Doctor);
    const [{ examine }, { findingsText }] = await Promise.all([
      import('../stories/examine.ts'),
      import('../diagnosis/finding.ts'),
    ]);
    const findings = await examine(
      this.world,
      (address, token) => this.serverAs(address, token),
      this.debugLine,
      argv as string[],
    );
    const worst = findings.find((finding) => finding.state === 'failed');
    const state = worst ? 'failed' : 'passed';
    this.printer.answer({ id: 'doctor', state, items: findings }, () =>
      findingsText(findings, this.printer.paint),
    );
    return worst?.exitCode ?? 0;
  }
}
