import { Args } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Url extends TunnelCommand {
  static override summary = 'Print the address of an open tunnel, to paste into a client; never a password.';
  static override examples = [
    'tunnel url prod-rds',
    'psql "$(tunnel url prod-rds)"',
    'tunnel url prod-rds --json',
  ];
  static override usage = 'NAME';
  static override args = { name: Args.string(nameArgument) };

  async work(): Promise<void> {
    const { args } = await this.parse(Url);
    const { openPlace } = await import('../stories/open-place.ts');
    const { tunnel, place, settings, paths } = await openPlace(this.world, await this.server(), args.name);
    const { id, state, name, grantId } = tunnel;
    const { host, port, socket } = place;
    this.printer.answer(
      { id, state, name, grantId, host, port, socket, url: settings.url, files: paths },
      () => settings.url,
    );
    const secret = paths['passfile'] ?? (settings.url.startsWith('mysql') ? paths['defaults'] : undefined);
    if (secret !== undefined && !this.printer.json)
      this.printer.say(`what this client needs besides is in ${secret} (yours alone)`);
  }
}
