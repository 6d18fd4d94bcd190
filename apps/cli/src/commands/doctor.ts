import { TunnelCommand } from '../tunnel-command.ts';

export default class Doctor extends TunnelCommand {
  static override summary = 'Check everything a tunnel needs: server, sign-in, clock, live channel, AWS.';
  static override examples = ['tunnel doctor', 'tunnel doctor --json', 'tunnel doctor --debug'];

  async work(): Promise<number> {
    await this.parse(Doctor);
    const { examine, findingsText } = await import('../stories/examine.ts');
    const findings = await examine(
      this.world,
      (address, token) => this.serverAs(address, token),
      this.debugLine,
    );
    const worst = findings.find((finding) => finding.state === 'failed');
    const state = worst ? 'failed' : 'passed';
    this.printer.answer({ id: 'doctor', state, items: findings }, () =>
      findingsText(findings, this.printer.paint),
    );
    return worst?.exitCode ?? 0;
  }
}
