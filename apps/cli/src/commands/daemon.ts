import { Problem } from '@sallyport/problems';
import { TunnelCommand } from '../tunnel-command.ts';

export default class DaemonCommand extends TunnelCommand {
  static override hidden = true;
  static override summary =
    'Keep background tunnels open; started by connect --background and up, never by hand.';
  static override examples = ['tunnel connect prod-rds --background', 'tunnel ps', 'tunnel stop --daemon'];

  async work(): Promise<void> {
    await this.parse(DaemonCommand);
    const { Daemon } = await import('../daemon/daemon.ts');
    const { LogFile } = await import('../daemon/log-file.ts');
    const log = await LogFile.open(this.world);
    // Ends with 0 when there is one already: whoever started this one finds that one.
    await Daemon.serve(this.world, log).catch((error: unknown) => {
      log.note('failed', { code: error instanceof Problem ? error.code : 'INTERNAL_ERROR' });
      throw error;
    });
  }
}
