import { TunnelCommand } from '../tunnel-command.ts';

export default class Whoami extends TunnelCommand {
  static override summary = 'Show who is signed in, and with which roles.';
  static override examples = ['tunnel whoami', 'tunnel whoami --json', 'tunnel whoami --debug'];

  async work(): Promise<void> {
    await this.parse(Whoami);
    const server = await this.server();
    const me = await server.api.readMe();
    this.printer.answer({ ...me, state: 'signed_in' }, () =>
      [
        me.email,
        `${me.name} at ${server.address.origin}`,
        `roles ${me.roles.join(', ') || 'none'}; groups ${me.groups.join(', ') || 'none'}`,
        ...(me.scopes ? [`token may ${me.scopes.join(', ')}`] : []),
      ].join('\n'),
    );
  }
}
