import { TunnelCommand } from '../tunnel-command.ts';
export default class Connect extends TunnelCommand {
  static override summary = 'x';
  static override examples = ['tunnel connect prod-rds'];
  async work(): Promise<number> {
    return 1;
  }
}
