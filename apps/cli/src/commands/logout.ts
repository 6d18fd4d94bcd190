import { TunnelCommand } from '../tunnel-command.ts';

export default class Logout extends TunnelCommand {
  static override summary = 'Sign out on this machine and revoke the token that `tunnel login` made.';
  static override examples = ['tunnel logout', 'tunnel logout --json', 'tunnel logout --debug'];

  async work(): Promise<void> {
    await this.parse(Logout);
    const { serverAddress } = await import('../settings/server-address.ts');
    const { signOut } = await import('../stories/sign-in.ts');
    const address = serverAddress(this.world.env);
    const result = await signOut(this.world, address, (token) => this.serverAs(address, token));
    this.printer.answer({ id: address.origin, state: 'signed_out', ...result }, () => '');
    if (this.printer.json) return;
    this.printer.done(
      result.wasSignedIn ? `signed out of ${address.origin}` : `nobody was signed in to ${address.origin}`,
    );
    if (result.wasSignedIn && !result.revoked)
      this.printer.say('The token stays valid on the server; revoke it in the dashboard under your name.');
  }
}
